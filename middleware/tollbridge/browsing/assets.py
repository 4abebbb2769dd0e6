"""Static files, named after their content so that a browser may keep them for ever."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _Asset:
    body: bytes
    kind: str


class Assets:
    """The files in the folders `static` of some packages, in memory; of two of one name the later package's counts.

    They are served at `static` below `mount`.
    """

    def __init__(self, *packages: str, mount: str = "") -> None:
        self._mount = mount
        self._named: dict[str, str] = {}
        self._held: dict[str, _Asset] = {}
        for package in packages:
            for entry in files(package).joinpath("static").iterdir():
                self._take(entry.name, entry.read_bytes())

    def _take(self, name: str, body: bytes) -> None:
        stem, dot, suffix = name.rpartition(".")
        kind = _KINDS.get(dot + suffix)
        if kind is None:
            return
        hashed = f"{stem}.{hashlib.sha256(body).hexdigest()[:16]}{dot}{suffix}"
        self._named[name] = hashed
        self._held[hashed] = _Asset(body, kind)

    def path(self, name: str) -> str:
        """Give the path of a file below the root; raises `KeyError` for an unknown one."""
        return f"{self._mount}/static/{self._named[name]}"

    def has(self, name: str) -> bool:
        """Whether there is a file of that name, as a path has it."""
        return name in self._held

    async def serve(self, request: Request) -> Response:
        """Answer with a file."""
        held = self._held.get(request.path_params["name"])
        if held is None:
            raise HTTPException(404)
        return Response(held.body, headers={"content-type": held.kind, "cache-control": _FOR_EVER})
