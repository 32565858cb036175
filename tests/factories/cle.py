"""A passkey in software, to lie with: a browser and its device do what WebAuthn says, this one does what a test says."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass(slots=True)
class Cle:
    """One key of one device. `handle`: whose it says that it is, learnt when it was made."""

    origin: str
    rp_id: str
    flags: int = PRESENT | VERIFIED
    count: int = 0
    handle: bytes = b""
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def clone(self, **changes: Any) -> "Cle":
        return replace(self, **changes)

    def create(self, options: dict[str, Any], fmt: str = "none") -> str:
        """What the browser posts once the device has made the key."""
        self.handle = base64url_to_bytes(options["user"]["id"])
        auth_data = self._auth_data(self.flags | ATTESTED) + self._attested()
        attestation = cbor2.dumps({"fmt": fmt, "attStmt": {}, "authData": auth_data})
        client_data = self._client_data("webauthn.create", options)
        return self._said(clientDataJSON=client_data, attestationObject=attestation)

    def get(self, options: dict[str, Any], **changes: bytes) -> str:
        """What the browser posts once the device has signed the challenge. `changes`: parts replaced after the signature."""
        self.count += 1
        client_data, auth_data = self._client_data("webauthn.get", options), self._auth_data(self.flags)
        signed = auth_data + hashlib.sha256(client_data).digest()
        parts = {
            "clientDataJSON": client_data,
            "authenticatorData": auth_data,
            "signature": self.private.sign(signed, ec.ECDSA(SHA256())),
            "userHandle": self.handle,
        }
        return self._said(**{**parts, **changes})

    def _said(self, **parts: bytes) -> str:
        name = bytes_to_base64url(self.credential_id)
        response = {key: bytes_to_base64url(value) for key, value in parts.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _auth_data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _attested(self) -> bytes:
        numbers = self.private.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        return bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public
