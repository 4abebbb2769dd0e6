"""Reports that a secret scanner has signed: whose they are, by the keys that the scanner publishes.

As GitHub's partner program has it (https://docs.github.com/en/code-security/secret-scanning/
secret-scanning-partnership-program/secret-scanning-partner-program, read 2026-11): the raw body is signed with
ECDSA over P-256 and SHA-256, in ASN.1 and base64; a header names the key. The keys are a JSON document of PEM texts.
"""

import asyncio
import base64

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tollbridge.clock import Clock
from tollbridge.errors import Denied, Unavailable, UpstreamError
from tollbridge.jose.issuerkeys import IssuerKeys
from tollbridge.jose.keys import LONGEST_KEY_ID, MOST_KEYS, KeySet, VerifyingKey
from tollbridge.jose.refusal import TokenRefused
from tollbridge.jose.strictjson import strict_object
from tollbridge.transport.base import Transport, UpstreamRequest

_ALGORITHM = "ES256"
_CURVE = "P-256"
_PART = 32
"""Bytes of each of the two numbers of a signature."""
_LONGEST_DOCUMENT = 256 * 1024
_ACCEPT = ((b"accept", b"application/json"), (b"accept-encoding", b"identity"), (b"user-agent", b"tollbridge"))


class ScannerKeys:
    """The keys of one scanner, fetched from `url` when a report needs them, at most once a minute.

    `allow_private`: it may be on a loopback or private address.
    """

    def __init__(self, url: str, transport: Transport, clock: Clock, *, allow_private: bool = False) -> None:
        self._transport = transport
        self._allow_private = allow_private
        self._keys = IssuerKeys(url, self._fetch, clock, url=url, read=read_keys)

    async def check(self, key_id: str, signature: str, body: bytes) -> None:
        """Refuse a body that this scanner has not signed; raises `Denied`, and `Unavailable` without its keys."""
        try:
            raw = _raw(signature)
            key = await self._keys.find(_ALGORITHM, key_id)
        except (ValueError, TokenRefused):
            raise _not_signed() from None
        except Unavailable as exc:
            raise Unavailable("the scanner's keys cannot be had now; send it again", detail=exc.detail) from None
        if key is None or not key.verifies(_ALGORITHM, body, raw):
            raise _not_signed()

    async def close(self) -> None:
        """End a fetch that is under way."""
        await self._keys.close()

    async def _fetch(self, url: str) -> bytes:
        answer = await self._transport.send(UpstreamRequest("GET", url, _ACCEPT, b"", self._allow_private))
        try:
            body = await answer.read(_LONGEST_DOCUMENT)
        finally:
            await asyncio.shield(answer.close())
        if answer.status != 200:
            raise UpstreamError("a scanner's keys cannot be had", detail=f"it answered {answer.status}")
        return body


def read_keys(document: bytes) -> KeySet:
    """Read the keys that a scanner publishes; raises `ValueError` where none of them can be used.

    One that is not of P-256, or is no public key, is left out.
    """
    listed = strict_object(document).get("public_keys")
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise ValueError(f"the document must have a list 'public_keys' of at most {MOST_KEYS}")
    found = [key for entry in listed if (key := _read(entry)) is not None]
    if not found:
        raise ValueError("none of the document's keys can be used to check a signature")
    return KeySet(found)


def _read(entry: object) -> VerifyingKey | None:
    if not isinstance(entry, dict):
        return None
    kid, text = entry.get("key_identifier"), entry.get("key")
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KEY_ID or not isinstance(text, str):
        return None
    try:
        key = ECKey.import_key(text)
    except (JoseError, ValueError):
        return None
    if key.is_private or key.curve_name != _CURVE:
        return None
    return VerifyingKey(kid, frozenset((_ALGORITHM,)), key)


def _raw(signature: str) -> bytes:
    """Give a signature as its two numbers, side by side (RFC 7518 section 3.4); raises `ValueError`."""
    try:
        numbers = decode_dss_signature(base64.b64decode(signature, validate=True))
        return b"".join(number.to_bytes(_PART) for number in numbers)
    except OverflowError:
        raise ValueError("it is no signature of this curve") from None


def _not_signed() -> Denied:
    return Denied("the signature is not one of the scanner's over this body", code="bad_signature")
