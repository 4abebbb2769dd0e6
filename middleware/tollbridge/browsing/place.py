"""Where a browser finds the pages: at `[server] public_url`, else where its request came in.

Forwarded headers say nothing here: whoever can reach the gateway can write them.
"""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import Scope

_PORTS = {"http": 80, "https": 443}


class Place:
    """The public address of a gateway, if it has one, and the prefix of its pages, of which some are below `mount`."""

    def __init__(self, public_url: str, prefix: str, mount: str = "") -> None:
        url = urlsplit(public_url)
        self._scheme = url.scheme
        host = f"[{url.hostname}]" if url.hostname and ":" in url.hostname else url.hostname or ""
        port = "" if url.port in (None, _PORTS.get(url.scheme)) else f":{url.port}"
        self._host = f"{host}{port}".encode("ascii")
        self._root = f"{url.path}{prefix}"
        self._mount = mount

    def seen(self, scope: Scope) -> Scope:
        """Give a request as the browser made it, before a proxy changed scheme, host and path.

        Its `root_path` is then the path that all pages of the gateway are below, wherever the app is mounted.
        """
        inner: str = scope.get("root_path", "")
        below = f"{self._mount}{scope['path'].removeprefix(inner)}"
        if not self._scheme:
            root = inner.removesuffix(self._mount)
            return {**scope, "root_path": root, "path": f"{root}{below}"}
        headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
        return {
            **scope,
            "scheme": self._scheme,
            "headers": [(b"host", self._host), *headers],
            "root_path": self._root,
            "path": f"{self._root}{below}",
        }


def root(request: Request) -> str:
    """Give the path that all pages of the gateway are below, as the browser has it."""
    path: str = request.scope.get("root_path", "")
    return path
