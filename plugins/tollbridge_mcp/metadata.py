"""What clients are told of whose token they need: RFC 9728, and the challenge that leads to it."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tollbridge import NotFound
from tollbridge_mcp.endpoint import ROOT
from tollbridge_mcp.pages import answer_preflight, preflight, public_terms

WELL_KNOWN = "/.well-known/oauth-protected-resource"
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_HEADERS = {"cache-control": "no-store", "access-control-allow-origin": "*", "x-content-type-options": "nosniff"}
_BEARER = re.compile(rb"^bearer\b", re.IGNORECASE)
_CHALLENGED = (401, 403)


def resource_metadata(
    issuer: str, slug: str, *, title: str = "", servers: Sequence[str] = (), scopes: Sequence[str] = ()
) -> dict[str, Any]:
    """Give the document of one server (RFC 9728, section 2).

    `issuer` is the gateway's URL, `servers` those of who issues tokens. `resource` is the URL that clients call, for
    they compare it (section 3.3). What has no values is left out (section 3.2).
    """
    found: dict[str, Any] = {
        "resource": f"{issuer}{ROOT}{'/' if slug else ''}{slug}",
        **({"authorization_servers": list(servers)} if servers else {}),
        "bearer_methods_supported": ["header"],
        "resource_name": title or slug or "Tollbridge",
    }
    if scopes:
        found["scopes_supported"] = list(scopes)
    return found


def metadata_url(issuer: str, path: str) -> str:
    """Give where the document of a server is: the well-known name stands between host and path (section 3.1)."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path}{path}"


class Documents:
    """Serves the documents at their well-known place: that of the global server, and below it those of slugs.

    There is one for whatever could be a slug, so that nobody learns which services there are.
    """

    def __init__(self, issuer: str, servers: Sequence[str]) -> None:
        self._issuer = issuer
        self._servers = tuple(servers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; raises `NotFound`."""
        if scope["method"] == "OPTIONS" and preflight(scope["headers"]) is not None:
            await answer_preflight(send, public_terms(scope["headers"]))
            return
        slug = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/").removesuffix("/")
        if scope["method"] not in ("GET", "HEAD") or (slug and not _SLUG.fullmatch(slug)):
            raise NotFound("there is nothing at this path")
        scopes = [f"service:{slug}:*"] if slug else []
        found = resource_metadata(self._issuer, slug, servers=self._servers, scopes=scopes)
        response = Response(msgspec.json.encode(found), headers=_HEADERS, media_type="application/json")
        await response(scope, receive, send)


class Challenging:
    """Adds to each refusal for want of a token, or of a scope, where the client learns how to get one.

    `url` gives that for a path below the mount point; the paths are those of MCP servers, without a slash at the end.
    """

    def __init__(self, app: ASGIApp, url: Callable[[str], str]) -> None:
        self._app = app
        self._url = url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app."""
        root = scope.get("root_path", "").rstrip("/")
        where = self._url(scope["path"].removeprefix(root).rstrip("/"))
        await self._app(scope, receive, _sending(send, where))


def challenged(headers: Sequence[tuple[bytes, bytes]], where: str) -> list[tuple[bytes, bytes]]:
    """Put where the document is into the Bearer challenges of an answer (RFC 9728, section 5.1)."""
    added = b'resource_metadata="%b"' % _quotable(where)
    return [
        (name, b"%b, %b" % (value, added) if b" " in value.strip() else b"%b %b" % (value.strip(), added))
        if name.lower() == b"www-authenticate" and _BEARER.match(value)
        else (name, value)
        for name, value in headers
    ]


def _quotable(url: str) -> bytes:
    return "".join(each for each in url if "!" <= each <= "~" and each not in '"\\').encode("ascii")


def _sending(send: Send, where: str) -> Callable[[Message], Awaitable[None]]:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] in _CHALLENGED:
            message = {**message, "headers": challenged(list(message.get("headers", ())), where)}
        await send(message)

    return sent
