"""Forwards laboratory results, one JSON object a line on standard input, through `wardline bot serve`.

{"id": "4711", "to": "amara.osei", "bed": "4", "test": "Potassium", "value": "6.8 mmol/l", "critical": true}
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request

BOT = os.environ.get("WARDLINE_BOT", "http://127.0.0.1:8090")
with open(os.environ["WARDLINE_TOKEN_FILE"], encoding="utf-8") as file:
    TOKEN = file.read().strip()


def forward(result):
    message = {
        "to": result["to"],
        "priority": "urgent" if result.get("critical") else "routine",
        "text": f"{result['test']} {result['value']}, bed {result['bed']}",
    }
    request = urllib.request.Request(f"{BOT}/messages", json.dumps(message).encode(), {
        "Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json",
        # The same result is the same message, however often it is tried.
        "Idempotency-Key": f"lab-{result['id']}",
    })
    for attempt in range(10):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                raise SystemExit(f"refused: {json.load(error)['detail']}")
            time.sleep(float(error.headers.get("Retry-After", 1)) + attempt)
    raise SystemExit("not sent; run it again with the same results")


for line in sys.stdin:
    print(json.dumps(forward(json.loads(line))), flush=True)
