"""Takes what `wardline bot serve --webhook` posts, and prints each once, one JSON object a line.

A start for a receiver of your own: it keeps the ids that it has seen in memory; yours keeps them with what it made
of them, and answers 2xx only once that is durable.
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import time

with open(os.environ["WARDLINE_WEBHOOK_SECRET_FILE"], encoding="utf-8") as file:
    SECRET = file.read().strip().encode()
SEEN = set()


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 1 << 20))
        message_id = self.headers.get("webhook-id", "")
        told_at = self.headers.get("webhook-timestamp", "")
        signed = f"{message_id}.{told_at}.".encode() + body
        wanted = base64.b64encode(hmac.digest(SECRET, signed, hashlib.sha256)).decode()
        given = self.headers.get("webhook-signature", "").split(" ")
        is_fresh = told_at.isdigit() and abs(time.time() - int(told_at)) < 300
        if not is_fresh or not any(hmac.compare_digest(f"v1,{wanted}", one) for one in given):
            return self.answer(401)
        if message_id not in SEEN:
            SEEN.add(message_id)
            print(json.dumps(json.loads(body)), flush=True)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        """What is received is not for a log."""


server = http.server.HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "0"))), Receiver)
print(json.dumps({"ready": True, "port": server.server_port}), flush=True)
server.serve_forever()
