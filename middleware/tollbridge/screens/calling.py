"""Calls that a page makes for whoever looks: of models and services, by a token of theirs whose secret nobody shows.

The answer comes to the browser as the model gives it. It is never a document of this site: what is not JSON, text or
an event stream is sent as a file.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from tollbridge.errors import BadRequest
from tollbridge.inside import stand_in

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway
    from tollbridge.tokens.model import Principal

MOST_SHOWN = 262_144
"""Bytes of an answer that a page without scripts shows."""
_KINDS = ("application/json", "application/problem+json", "text/event-stream", "text/plain")
_TOLD = frozenset((b"x-request-id", b"x-tollbridge-cost-usd", b"retry-after", b"tollbridge-version"))
STATUS = "x-tried-status"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is called: the path is one of the gateway, below its root, with what a URL escapes escaped.

    Raises `BadRequest` for what is no such path.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __post_init__(self) -> None:
        if not self.path.startswith("/") or not self.path.isascii():
            raise BadRequest("the path of a call begins with a slash and is ASCII")


@dataclass(slots=True)
class Heard:
    """An answer as it was given, as far as it is shown; names of headers are lower-case."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    cut: bool = False

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Calling(Response):
    """Makes the call when it is sent, and passes the answer on as it comes.

    The page's answer has status 200, and that of the call in `x-tried-status`. Whoever goes away ends the call.
    """

    def __init__(self, gateway: "Gateway", principal: "Principal", asked: Asked) -> None:
        super().__init__()
        self._gateway = gateway
        self._principal = principal
        self._asked = asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make it."""

        async def pass_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "status": 200, "headers": _shown(message["status"], message["headers"])}
            await send(message)

        told = _after(self._asked.body, receive)
        await stand_in(self._gateway, self._principal, _scope(self._asked, scope), told, pass_on)


async def hear(gateway: "Gateway", principal: "Principal", asked: Asked, scope: Scope) -> Heard:
    """Make the call and give the whole answer, `MOST_SHOWN` bytes of it at most.  Raises `Denied`."""
    heard = Heard()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            heard.status = message["status"]
            heard.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
            return
        room = MOST_SHOWN - len(heard.body)
        part = message.get("body", b"")
        heard.body += part[:room]
        heard.cut = heard.cut or len(part) > room

    await stand_in(gateway, principal, _scope(asked, scope), _after(asked.body, _stays), send)
    return heard


def _scope(asked: Asked, page: Scope) -> Scope:
    """Give a call as a request from where the page is looked at."""
    headers = {"host": "inside", **asked.headers}
    if asked.body:
        headers["content-length"] = str(len(asked.body))
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": page.get("scheme", "http"),
        "path": unquote(asked.path),
        "raw_path": asked.path.encode("ascii"),
        "root_path": "",
        "query_string": asked.query.encode("ascii"),
        "headers": [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers.items()],
        "client": page.get("client"),
    }


async def _stays() -> Message:
    """Say nothing: whoever reads a page without scripts waits for all of it."""
    never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    return await never


def _after(body: bytes, receive: Receive) -> Receive:
    """Give the body first, and then what the browser says: that it is gone."""
    given = False

    async def next_message() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return next_message


def _shown(status: int, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Give the headers that a page is told, and none that a browser would act on."""
    kind = next((value for name, value in headers if name == b"content-type"), b"").decode("latin-1")
    plain = kind.partition(";")[0].strip().lower()
    shown = [(name, value) for name, value in headers if name in _TOLD]
    shown.append((STATUS.encode("ascii"), str(status).encode("ascii")))
    if plain in _KINDS:
        return [*shown, (b"content-type", f"{plain}; charset=utf-8".encode("ascii"))]
    return [*shown, (b"content-type", b"application/octet-stream"), (b"content-disposition", b"attachment")]
