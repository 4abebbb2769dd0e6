"""A request as its caller made it, and what its signature says of itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import http_sf

from tollbridge import Call
from tollbridge_signed.wanted import TAG

_LONGEST_NONCE = 256


class Wrong(Exception):
    """Why a signature does not hold, in words for the log."""


class Fields:
    """The header lines of a request, in order; a name may come several times."""

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self._lines = [(name.decode("latin-1"), value.decode("latin-1").strip(" \t")) for name, value in headers]

    def items(self) -> Iterator[tuple[str, str]]:
        """Give each line."""
        return iter(self._lines)

    def get(self, name: str) -> str | None:
        """Give all lines of a name as one (RFC 9110 section 5.2), None if there are none."""
        found = [value for key, value in self._lines if key == name]
        return ", ".join(found) if found else None


@dataclass(frozen=True, slots=True)
class Message:
    """A request, for the library that checks signatures."""

    method: str
    url: str
    headers: Fields


def message_of(call: Call, public_url: str) -> Message:
    """Give a request with the URL its caller knows: never that of its `Host`, which anybody can write."""
    scope = call.native if isinstance(call.native, dict) else {}
    path = (call.raw_path or quote(call.path).encode("ascii")).decode("latin-1")
    path = path.removeprefix(scope.get("root_path", "").rstrip("/"))
    query = f"?{call.query.decode('latin-1')}" if call.query else ""
    return Message(call.method, f"{public_url}{path}{query}", Fields(call.headers))


@dataclass(frozen=True, slots=True)
class Said:
    """What a signature says of itself; times are seconds since the epoch."""

    keyid: str
    created: int
    nonce: str
    expires: int | None


def said_of(fields: Fields) -> Said:
    """Read what the one signature of a request says of itself; raises `Wrong`."""
    try:
        labels: Any = http_sf.parse((fields.get("signature-input") or "").encode("latin-1"), tltype="dictionary")
    except ValueError as exc:
        raise Wrong("Signature-Input cannot be read") from exc
    if len(labels) != 1:
        raise Wrong(f"there are {len(labels)} signatures; one is taken")
    ((_, said),) = labels.values()
    keyid, created, nonce, expires = (said.get(name) for name in ("keyid", "created", "nonce", "expires"))
    if type(said.get("tag")) is not str or said["tag"] != TAG:
        raise Wrong("its tag is another")
    if type(created) is not int or not (expires is None or type(expires) is int):
        raise Wrong("it does not say when it was made")
    if type(keyid) is not str or type(nonce) is not str or not 0 < len(nonce) <= _LONGEST_NONCE:
        raise Wrong("it has no keyid or no nonce")
    return Said(keyid, created, nonce, expires)
