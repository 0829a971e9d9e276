"""A FHIR client that somebody else wrote, against the façade: `fhirpy` of PyPI.

What it is to ask for comes as JSON on standard input. It knows no DPoP (RFC 9449); what a hospital's own program has to
add is `Proof`, in the place that the library has for it.
"""

import base64
import hashlib
import json
import sys
import time
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound
from requests.auth import AuthBase

given = json.load(sys.stdin)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


class Proof(AuthBase):
    """The two headers of each request, and the request again with the nonce that the server asks for."""

    def __init__(self, jwk: dict, token: str):
        self.open = {name: value for name, value in jwk.items() if name != "d"}
        point = ec.EllipticCurvePublicNumbers(number(jwk["x"]), number(jwk["y"]), ec.SECP256R1())
        self.key = ec.EllipticCurvePrivateNumbers(number(jwk["d"]), point).private_key()
        self.token = token
        self.nonce = None

    def __call__(self, request):
        self.sign(request)
        request.register_hook("response", self.answered)
        return request

    def sign(self, request):
        head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.open}
        claims = {
            "jti": str(uuid.uuid4()),
            "htm": request.method,
            "htu": request.url.split("?")[0],
            "iat": int(time.time()),
            "ath": b64(hashlib.sha256(self.token.encode()).digest()),
        }
        if self.nonce:
            claims["nonce"] = self.nonce
        signed = ".".join(b64(json.dumps(part).encode()) for part in (head, claims))
        signature = self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
        halves = b"".join(half.to_bytes(32, "big") for half in decode_dss_signature(signature))
        request.headers["Authorization"] = f"DPoP {self.token}"
        request.headers["DPoP"] = f"{signed}.{b64(halves)}"

    def answered(self, answer, **kwargs):
        self.nonce = answer.headers.get("DPoP-Nonce", self.nonce)
        again = answer.request.headers.get("X-Again")
        if answer.status_code != 401 or again:
            return answer
        answer.content
        answer.close()
        request = answer.request.copy()
        request.headers["X-Again"] = "1"
        self.sign(request)
        return answer.connection.send(request, **kwargs)


client = SyncFHIRClient(
    f"{given['origin']}/fhir/R4",
    requests_config={"auth": Proof(given["jwk"], given["token"]), "verify": given["ca"]},
)

stated = client.execute("metadata", method="get")
assert stated["resourceType"] == "CapabilityStatement"

patient = client.reference("Patient", given["patient"]).to_resource()
assert patient["id"] == given["patient"]

labs = client.resources("Observation").search(
    patient=given["patient"], category="laboratory"
).limit(8)
ids = [lab["id"] for lab in labs]
assert len(ids) == len(set(ids)) == given["labs"], ids
first = labs.fetch()
assert len(first) == 8

orders = client.resources("MedicationRequest").search(
    **{"patient.identifier": given["mrn"], "_id": given["order"]}
).include("MedicationRequest", "medication")
bundle = orders.fetch_raw()
included = [entry["resource"]["id"] for entry in bundle["entry"] if entry["search"]["mode"] == "include"]
assert included == [given["medication"]], included

known, status = client._do_request(
    "get",
    f"Patient/{given['patient']}",
    extra_headers={"If-None-Match": f"W/\"{patient['meta']['versionId']}\""},
    returning_status=True,
)
assert (known, status) == (None, 304)

try:
    client.get("Observation", given["foreign"])
except ResourceNotFound as refused:
    assert "OperationOutcome" in str(refused)
else:
    raise AssertionError("a record that is nobody's business here")

try:
    client.resources("Observation").search(date="yesterday").fetch_raw()
except OperationOutcome as refused:
    assert refused.resource["issue"][0]["code"] == "invalid"
else:
    raise AssertionError("no date")
