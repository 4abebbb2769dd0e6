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
    """All static files, in memory."""

    def __init__(self) -> None:
        self._named: dict[str, str] = {}
        self._held: dict[str, _Asset] = {}
        for entry in files("tollbridge_dashboard").joinpath("static").iterdir():
            stem, dot, suffix = entry.name.rpartition(".")
            if dot + suffix not in _KINDS:
                continue
            body = entry.read_bytes()
            hashed = f"{stem}.{hashlib.sha256(body).hexdigest()[:16]}{dot}{suffix}"
            self._named[entry.name] = hashed
            self._held[hashed] = _Asset(body, _KINDS[dot + suffix])

    def path(self, name: str) -> str:
        """Give the path of a file below the dashboard; raises `KeyError` for an unknown one."""
        return f"/static/{self._named[name]}"

    async def serve(self, request: Request) -> Response:
        """Answer with a file."""
        held = self._held.get(request.path_params["name"])
        if held is None:
            raise HTTPException(404)
        return Response(held.body, headers={"content-type": held.kind, "cache-control": _FOR_EVER})
