"""The compact form of a JWS (RFC 7515 section 7.1), cut into its parts without a key and without leniency."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tollbridge.jose.refusal import Reason, TokenRefused
from tollbridge.jose.strictjson import strict_object

LONGEST_TOKEN = 8192
"""Bytes of a token that is looked at at all."""

_SEGMENT = re.compile(rb"[A-Za-z0-9_-]+")
_ENCRYPTED_PARTS = 5


@dataclass(frozen=True, slots=True)
class Compact:
    """The parts of a token whose signature nobody has checked.  `signed` is what the signature is over."""

    header: Mapping[str, Any] = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def read_compact(token: bytes) -> Compact:
    """Cut a token; raises `TokenRefused`.

    Header and claims are JSON objects (`strict_object`), all three parts base64url without padding, line breaks or bits
    that mean nothing (RFC 4648 section 3.5). What is encrypted (RFC 7516) is refused.
    """
    header, claims, signature = _parts(token)
    return Compact(
        _object(header, Reason.BAD_HEADER),
        _object(claims, Reason.BAD_CLAIMS),
        token[: len(header) + 1 + len(claims)],
        _bytes(signature, Reason.SIGNATURE),
    )


def claimed_issuer(token: bytes) -> str | None:
    """Say who a token claims to be from, or None for what is no JWT.  Nothing is verified: it chooses rules."""
    try:
        _, claims, _ = _parts(token)
        issuer = _object(claims, Reason.BAD_CLAIMS).get("iss")
    except TokenRefused:
        return None
    return issuer if isinstance(issuer, str) else None


def decode_base64url(text: bytes) -> bytes:
    """Decode base64url that has one spelling only; raises `ValueError`."""
    if not _SEGMENT.fullmatch(text):
        raise ValueError("it is no base64url")
    decoded = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != text:
        raise ValueError("its last character has bits that mean nothing")
    return decoded


def _parts(token: bytes) -> list[bytes]:
    if len(token) > LONGEST_TOKEN:
        raise TokenRefused(Reason.TOO_LONG)
    parts = token.split(b".")
    if len(parts) != 3:
        raise TokenRefused(Reason.ENCRYPTED if len(parts) == _ENCRYPTED_PARTS else Reason.NO_JWT)
    return parts


def _bytes(segment: bytes, wrong: Reason) -> bytes:
    try:
        return decode_base64url(segment)
    except ValueError:
        raise TokenRefused(wrong) from None


def _object(segment: bytes, wrong: Reason) -> dict[str, Any]:
    try:
        return strict_object(_bytes(segment, wrong))
    except ValueError:
        raise TokenRefused(wrong) from None
