"""An HMAC over headers that the caller names, as Kong's hmac-auth has it (read 2026-11).

The signed text has a line for each name, in their order: `name: value` of a header, `@request-target: get /path?query`,
or the request line itself for `request-line`.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from tollbridge import Call, Unauthenticated
from tollbridge.credentials import OpenedCredential

_SHOWN = re.compile(
    rb'hmac +username="([!-~]{1,64})" *, *algorithm="([a-z0-9-]{1,32})" *, *headers="([!-~ ]{1,512})" *, *'
    rb'signature="([A-Za-z0-9+/]{1,128}={0,2})"',
    re.IGNORECASE,
)
_TARGET, _LINE = "@request-target", "request-line"
_DATES = ("x-date", "date")
_HASHES = {"hmac-sha256": "sha256", "hmac-sha384": "sha384", "hmac-sha512": "sha512"}
_DIGEST = re.compile(r"SHA-256=([A-Za-z0-9+/]{43}=)")


class Wrong(Exception):
    """Why a signature does not hold, in words for the log."""


@dataclass(frozen=True, slots=True)
class HmacSigned:
    """A request and its signature."""

    access_key: str
    algorithm: str
    names: Sequence[str]
    signature: bytes = field(repr=False)
    method: str
    target: str
    version: str
    headers: Mapping[str, Sequence[str]] = field(repr=False)

    @property
    def text(self) -> bytes:
        """Give what was signed; raises `Wrong` for a header that is not there, or there twice."""
        return "\n".join(map(self._line, self.names)).encode("latin-1")

    def one(self, name: str) -> str | None:
        """Give the one value of a header, None where it is not there; raises `Wrong` where it is there twice."""
        found = self.headers.get(name, ())
        if len(found) > 1:
            raise Wrong(f"{name} is there {len(found)} times")
        return found[0] if found else None

    def _line(self, name: str) -> str:
        if name == _TARGET:
            return f"{name}: {self.method.lower()} {self.target}"
        if name == _LINE:
            return f"{self.method} {self.target} HTTP/{self.version}"
        value = self.one(name)
        if value is None:
            raise Wrong("it covers a header that is not there")
        return f"{name}: {value}"


def read_signed(call: Call) -> HmacSigned:
    """Read the signature of a request; raises `Wrong` where it cannot be, or does not cover what it must."""
    headers: dict[str, list[str]] = {}
    for name, value in call.headers:
        headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1").strip())
    shown = _SHOWN.fullmatch((call.header(b"authorization") or b"").strip())
    if shown is None or len(headers["authorization"]) > 1:
        raise Wrong("it cannot be read")
    access_key, algorithm, names, signature = shown.groups()
    try:
        content = base64.b64decode(signature, validate=True)
    except ValueError as exc:
        raise Wrong("it is no base64") from exc
    query = b"?" + call.query if call.query else b""
    signed = HmacSigned(
        access_key=access_key.decode("ascii"),
        algorithm=algorithm.decode("ascii").lower(),
        names=tuple(names.decode("ascii").lower().split()),
        signature=content,
        method=call.method,
        target=(call.raw_path + query).decode("latin-1"),
        version=call.http_version,
        headers=headers,
    )
    _check_covered(signed, call)
    return signed


def _check_covered(signed: HmacSigned, call: Call) -> None:
    if not call.raw_path or not {_TARGET, _LINE} & set(signed.names):
        raise Wrong("it does not cover the path")
    if _dated_by(signed) not in signed.names:
        raise Wrong("it does not cover the date")
    if "digest" in signed.headers and "digest" not in signed.names:
        raise Wrong("it does not cover the digest")


def _dated_by(signed: HmacSigned) -> str:
    return next((name for name in _DATES if name in signed.headers), "date")


def made_s(signed: HmacSigned) -> float:
    """Give when a request was signed (seconds since the epoch), by `x-date`, else `date`; raises `Wrong`."""
    try:
        return parsedate_to_datetime(signed.one(_dated_by(signed)) or "").timestamp()
    except (ValueError, OverflowError) as exc:
        raise Wrong("its date cannot be read") from exc


def verify(signed: HmacSigned, opened: OpenedCredential) -> None:
    """Check that the secret key has signed a request; raises `Wrong`."""
    mine = opened.credential
    if signed.algorithm != mine.algorithm:
        raise Wrong("its algorithm is not the key's")
    if not hmac.compare_digest(hmac.digest(opened.shared, signed.text, _HASHES[mine.algorithm]), signed.signature):
        raise Wrong("it is not of this key and this request")


def body_check(signed: HmacSigned, refuse: Callable[[str], Unauthenticated]) -> Callable[[bytes], None]:
    """Give what refuses a body that is not the signed one; where no digest was signed, any but an empty one."""
    digest = signed.one("digest")

    def check(body: bytes) -> None:
        if digest is None:
            if body:
                raise refuse("a body came without a digest")
            return
        shown = _DIGEST.fullmatch(digest)
        right = base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")
        if shown is None or not hmac.compare_digest(shown[1], right):
            raise refuse("the body has another digest")

    return check
