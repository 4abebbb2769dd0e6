"""How a message to a webhook is signed: symmetric, HMAC-SHA256, version `v1`.

Standard Webhooks, "Verifying webhook authenticity":
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (read 2026-11).
"""

import hmac
import os
from base64 import b64encode
from collections.abc import Iterable, Sequence

SHORTEST, LONGEST = 24, 64
"""Bytes of a secret, as the specification has them."""
_LENGTH = 32
_PREFIX = "whsec_"

Headers = Sequence[tuple[bytes, bytes]]


def make_key() -> bytes:
    """Make a secret."""
    return os.urandom(_LENGTH)


def shown(key: bytes) -> str:
    """Write a secret as it is given to whoever receives: base64 after what tells its kind."""
    return _PREFIX + b64encode(key).decode("ascii")


def signature(key: bytes, id: str, at_s: int, content: bytes) -> str:
    """Sign a message; `at_s` is the time of the attempt, in seconds since the epoch.

    Raises `ValueError` for a secret that is empty, too short or too long, or one byte over and over: a signature with
    it would prove nothing.
    """
    if not SHORTEST <= len(key) <= LONGEST or len(set(key)) == 1:
        raise ValueError(f"a webhook's secret is {SHORTEST} to {LONGEST} random bytes")
    signed = b"%b.%d.%b" % (id.encode("ascii"), at_s, content)
    return "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")


def headers(keys: Iterable[bytes], id: str, at_s: int, content: bytes) -> Headers:
    """Give the headers of a message, signed with each of the keys; raises `ValueError` as `signature` does."""
    signatures = " ".join(signature(key, id, at_s, content) for key in keys)
    if not signatures:
        raise ValueError("a webhook has no secret that is live")
    return (
        (b"content-type", b"application/json"),
        (b"user-agent", b"Tollbridge"),
        (b"webhook-id", id.encode("ascii")),
        (b"webhook-timestamp", b"%d" % at_s),
        (b"webhook-signature", signatures.encode("ascii")),
    )
