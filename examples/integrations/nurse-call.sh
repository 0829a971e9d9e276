#!/bin/sh
# Sends a nurse call to a role or a person, through `wardline bot serve` on this machine.
#   WARDLINE_BOT=http://127.0.0.1:8090 WARDLINE_TOKEN_FILE=/etc/wardline/bot.token \
#     nurse-call.sh CALL_ID role|to NAME BED
set -eu
call=$1 kind=$2 name=$3 bed=$4
case "$name$bed" in *[!A-Za-z0-9._-]*) echo "letters, digits, dots, dashes only" >&2; exit 2 ;; esac
case "$kind" in role | to) ;; *) echo "role or to" >&2; exit 2 ;; esac
# The token goes by a file descriptor, not by the command line, which everybody can see. The call's own
# number is the key: however often this runs, people get one message.
printf 'header = "Authorization: Bearer %s"\n' "$(cat "$WARDLINE_TOKEN_FILE")" |
  curl --config - --silent --show-error --fail-with-body --retry 5 \
    --header "Content-Type: application/json" \
    --header "Idempotency-Key: nurse-call-$call" \
    --data "{\"$kind\":\"$name\",\"priority\":\"urgent\",\"text\":\"Bed $bed is calling\"}" \
    "$WARDLINE_BOT/messages"
