#!/usr/bin/env bash
# Installs what building and testing Wardline needs and is not there yet, on Debian or Ubuntu.
#
#   scripts/setup.sh run    what `make run` and `make build` need (the default)
#   scripts/setup.sh test   that, and what `make test` needs: a browser, PostgreSQL, NATS,
#                           OpenSSL, smart cards in software (SoftHSM, OpenSC, curl), and
#                           a sender of HL7, clients of FHIR and a FHIR server in folders of their own
#   scripts/setup.sh bench  that, and the servers that `make bench` measures beside Wardline:
#                           ejabberd and Prosody, and Synapse in a folder of its own
#
# Nothing happens when everything is there. Elsewhere, or without root and sudo, it says what is
# missing and stops. Services that packages bring along are not started: the tests start their own.
set -euo pipefail

scope="${1:-run}"
case "$scope" in
run | test | bench) ;;
*)
    echo "usage: scripts/setup.sh [run|test|bench]" >&2
    exit 2
    ;;
esac

say() { printf 'setup: %s\n' "$*"; }

stop() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# Whether version $1 is at least version $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# Debian keeps PostgreSQL's server programs out of PATH, in a folder for each major version.
has_postgres() {
    has initdb && has postgres && return
    local folder
    for folder in /usr/lib/postgresql/*/bin; do
        [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && return
    done
    return 1
}

has_chromium() { [ -x "${WARDLINE_CHROMIUM:-/usr/bin/chromium}" ]; }

# The engine through which OpenSSL and curl use a key on a card.
has_card_engine() {
    local engine
    for engine in /usr/lib/*/engines-3/pkcs11.so; do
        [ -e "$engine" ] && return
    done
    return 1
}

has_erlang_pgsql() {
    local folder
    for folder in /usr/lib/*/ejabberd/*/p1_pgsql* /usr/lib/*/erlang/lib/p1_pgsql* \
        /usr/lib/erlang/lib/p1_pgsql*; do
        [ -d "$folder" ] && return
    done
    return 1
}

# Not by name: Debian's own Python is the one for which it has a package.
python=/usr/bin/python3
has_venv() { "$python" -c 'import ensurepip' 2>/dev/null; }

# Debian 12 has no Synapse; PyPI does. It stays with the other things that are built.
synapse="$(dirname "$0")/../target/tools/synapse"
synapse_version=1.163.2
has_synapse() {
    "$synapse/bin/python" - "$synapse_version" 2>/dev/null <<'CHECK'
import importlib.metadata, sys
import psycopg2
sys.exit(importlib.metadata.version("matrix-synapse") != sys.argv[1])
CHECK
}

# `make bench` says what it did not measure, so it does without Synapse where PyPI is not reached.
install_synapse() {
    has_synapse && return
    say "installing Synapse $synapse_version from PyPI into target/tools/synapse"
    rm -rf "$synapse"
    mkdir -p "$(dirname "$synapse")"
    # Only what is built already: from its sources it would take a quarter of an hour.
    if "$python" -m venv "$synapse" &&
        "$synapse/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
            "matrix-synapse==$synapse_version" psycopg2-binary; then
        say "done"
    else
        rm -rf "$synapse"
        say "Synapse could not be installed; the message stands above, and it is left out" >&2
    fi
}

# The tests send HL7 with somebody else's program: mllp_send of PyPI's hl7.
hl7="$(dirname "$0")/../target/tools/hl7"
hl7_version=0.4.5
has_hl7() { [ -x "$hl7/bin/mllp_send" ]; }

# Its one test says what is missing, so the others do without it where PyPI is not reached.
install_hl7() {
    has_hl7 && return
    say "installing hl7 $hl7_version from PyPI into target/tools/hl7"
    rm -rf "$hl7"
    mkdir -p "$(dirname "$hl7")"
    if "$python" -m venv "$hl7" &&
        "$hl7/bin/pip" install --quiet --disable-pip-version-check "hl7==$hl7_version"; then
        say "done"
    else
        rm -rf "$hl7"
        say "hl7 could not be installed; the message stands above" >&2
    fi
}

# The tests ask for records with somebody else's programs: three FHIR clients of npm and PyPI.
fhir="$(dirname "$0")/../target/tools/fhir"
fhir_clients=(fhir-kit-client@2.0.3 @medplum/core@4.5.2)
fhirpy_version=2.3.1
has_fhir() {
    [ -x "$fhir/bin/python" ] && [ -d "$fhir/node_modules/fhir-kit-client" ] &&
        [ -d "$fhir/node_modules/@medplum/core" ] &&
        "$fhir/bin/python" -c 'import cryptography, fhirpy' 2>/dev/null
}

# As above: their one test says what is missing.
install_fhir() {
    has_fhir && return
    say "installing ${fhir_clients[*]} from npm and fhirpy $fhirpy_version from PyPI into target/tools/fhir"
    rm -rf "$fhir"
    mkdir -p "$(dirname "$fhir")"
    if "$python" -m venv "$fhir" &&
        "$fhir/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
            "fhirpy==$fhirpy_version" cryptography &&
        npm install --silent --no-save --ignore-scripts --no-audit --no-fund --prefix "$fhir" \
            "${fhir_clients[@]}"; then
        say "done"
    else
        rm -rf "$fhir"
        say "the FHIR clients could not be installed; the message stands above" >&2
    fi
}

# The tests of [ehr] read somebody else's FHIR server and authorization server: Medplum's router and
# oidc-provider, in the versions of the lock file.
ehr="$(dirname "$0")/../target/tools/ehr"
ehr_sources="$(dirname "$0")/../crates/server/tests/fhir"
has_ehr() { cmp -s "$ehr_sources/package-lock.json" "$ehr/installed"; }

# Its tests say what is missing, so the others do without it where npm's registry is not reached.
install_ehr() {
    has_ehr && return
    say "installing a FHIR server from npm into target/tools/ehr"
    rm -rf "$ehr"
    mkdir -p "$ehr"
    cp "$ehr_sources/package.json" "$ehr_sources/package-lock.json" "$ehr_sources/.npmrc" "$ehr/"
    if npm ci --prefix "$ehr" --ignore-scripts --silent; then
        cp "$ehr_sources/package-lock.json" "$ehr/installed"
        say "done"
    else
        rm -rf "$ehr"
        say "the FHIR server could not be installed; the message stands above" >&2
    fi
}

has_wasm_target() {
    [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib" ]
}

has_debian_wasm() {
    [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] &&
        [ -d /usr/lib/rustlib/src/rust/library/std ] && { has wasm-ld-19 || has wasm-ld; }
}

# Tools that no package of the system brings in a version new enough.
check_toolchains() {
    if ! has cargo || ! has rustc; then
        stop "Rust is missing: install 1.95 or later (rustup), then run this again"
    fi
    local rust node npm
    rust="$(rustc --version | cut -d ' ' -f 2)"
    at_least "$rust" 1.95.0 || stop "Rust $rust is too old: 1.95 or later is needed"
    if ! has node || ! has npm; then
        stop "Node.js is missing: install 20.19 or later with npm 11, then run this again"
    fi
    node="$(node --version | tr -d v)"
    npm="$(npm --version)"
    at_least "$node" 20.19.0 || stop "Node.js $node is too old: 20.19 or later is needed"
    at_least "$npm" 10.0.0 || stop "npm $npm is too old: 10 or later is needed"
}

missing=()
need() { missing+=("$@"); }

list_missing() {
    if ! has cc || ! has make; then need build-essential; fi
    has git || need git
    if ! has_wasm_target && ! has_debian_wasm; then
        # Only where rustup's server is reached; it refuses at once where it is not.
        if has rustup && say "adding wasm32-unknown-unknown with rustup" &&
            timeout 300 rustup target add wasm32-unknown-unknown 2>/dev/null; then
            :
        else
            say "rustup has it not; Debian's Rust builds the library for wasm from its sources"
            need rustc-web cargo-web rust-web-src lld-19
        fi
    fi
    if [ "$scope" != run ]; then
        has_chromium || need chromium
        has_postgres || need postgresql
        has openssl || need openssl
        has softhsm2-util || need softhsm2
        has pkcs11-tool || need opensc
        has_card_engine || need libengine-pkcs11-openssl
        has curl || need curl
        has nats-server || [ -x /usr/sbin/nats-server ] || need nats-server
        { has_hl7 && has_fhir; } || has_venv || need python3-venv
    fi
    if [ "$scope" = bench ]; then
        has ejabberdctl || [ -x /usr/sbin/ejabberdctl ] || need ejabberd
        # Its driver for PostgreSQL is a package that ejabberd only suggests.
        has_erlang_pgsql || need erlang-p1-pgsql
        has prosody || need prosody
        # Debian has the module that makes virtual environments apart from Python.
        has_synapse || has_venv || need python3-venv
    fi
}

install_missing() {
    has apt-get || stop "missing: ${missing[*]} (Debian's names); this script installs with apt only"
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        has sudo || stop "missing: ${missing[*]}; run this as root, or install sudo"
        root=(sudo)
        # Without a terminal nobody can type a password.
        [ -t 0 ] || root=(sudo --non-interactive)
    fi
    say "installing ${missing[*]}"

    # Debian's convention to keep installed services from starting; left alone if there is one.
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
        "${root[@]}" chmod 755 "$policy"
        # Expanded now: the variables are local and gone when the script ends.
        # shellcheck disable=SC2064
        trap "${root[*]} rm -f $policy" EXIT
    fi

    "${root[@]}" apt-get update --quiet ||
        stop "apt-get update failed; its message stands above"
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install --quiet --yes --no-install-recommends "${missing[@]}" ||
        stop "apt-get could not install ${missing[*]}; its message stands above"
}

check_toolchains
list_missing
if [ "${#missing[@]}" -ne 0 ]; then
    install_missing
    say "done"
fi
if [ "$scope" != run ]; then
    install_hl7
    install_fhir
    install_ehr
fi
if [ "$scope" = bench ]; then
    install_synapse
fi
