"""A secret scanner: what it signs its reports with, and the document of its keys."""

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Scanner:
    """One with a key of its own."""

    def __init__(self, key_id: str = "bcb53661", curve: ec.EllipticCurve | None = None) -> None:
        self.key_id = key_id
        self._key = ec.generate_private_key(curve or ec.SECP256R1())

    def entry(self, **changes: Any) -> dict[str, Any]:
        """Give its key as it is published."""
        form, kind = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        pem = self._key.public_key().public_bytes(form, kind).decode("ascii")
        return {"key_identifier": self.key_id, "key": pem, "is_current": True, **changes}

    def private_pem(self) -> str:
        """Give its private key, which nobody should publish."""
        form, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return self._key.private_bytes(form, kind, serialization.NoEncryption()).decode("ascii")

    def signature(self, body: bytes) -> str:
        """Sign a body."""
        return base64.b64encode(self._key.sign(body, ec.ECDSA(hashes.SHA256()))).decode("ascii")

    def headers(self, body: bytes) -> dict[str, str]:
        """Give the headers of a signed report."""
        return {
            "content-type": "application/json",
            "github-public-key-identifier": self.key_id,
            "github-public-key-signature": self.signature(body),
        }


def published(*entries: Any) -> bytes:
    """Write a document of keys."""
    return json.dumps({"public_keys": list(entries)}).encode()
