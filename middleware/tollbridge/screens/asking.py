"""The admin API as pages ask it: in this process, for whoever looks, and under the same rules as over HTTP.

Somebody in several teams asks with what they may do in the whole bridge first, then in each team in turn, until one of
these is neither refused for its scope (403) nor blind to what is asked for (404).
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from starlette.types import Message, Scope

from tollbridge.call import Acting, open_call
from tollbridge.errors import GatewayError
from tollbridge.screens.viewing import Viewer
from tollbridge.tokens.model import Principal

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

API = "/api/v1"
_ELSEWHERE = (403, 404)
_LARGEST_PAGE = 200
Query = Mapping[str, str | int | bool | list[str] | None]


class Refused(GatewayError):
    """The API refused: its status, its code, its sentence, and a sentence for each field that is wrong, by its name."""

    def __init__(self, status: int, code: str, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message, code=code)
        self.status = status
        self.fields = fields or {}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; names of headers are lower-case.  `team` is where who asked may do this, empty for the bridge."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    team: str = ""

    @property
    def value(self) -> Any:
        """What it says, None where it says nothing; raises `Refused`."""
        kind = self.headers.get("content-type", "").partition(";")[0]
        said = msgspec.json.decode(self.body) if self.body and kind.endswith("json") else None
        if self.status < 400:
            return said
        problem = said if isinstance(said, dict) else {}
        fields = {one["field"]: one["detail"] for one in problem.get("errors", ())}
        detail = str(problem.get("detail", "the gateway could not do this"))
        raise Refused(self.status, str(problem.get("code", "failed")), detail, fields)

    @property
    def tag(self) -> str:
        """The entity tag of what was answered, for `If-Match`."""
        return self.headers.get("etag", "")


class Asking:
    """Asks for one who looks.  `team` keeps to what they may do in that one, `client` is where they look from."""

    def __init__(self, gateway: "Gateway", viewer: Viewer, client: str = "", *, team: str | None = None) -> None:
        self._gateway = gateway
        self._viewer = viewer
        self._client = client
        self._team = team

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request to a path of the API, and give its answer, a refusal too."""
        reply = Reply(403, {}, b"")
        for team, principal in self._viewer.callers():
            if self._team is not None and team != self._team:
                continue
            reply = await self._once((team, principal), (method, path, query), body, headers or {})
            if reply.status not in _ELSEWHERE:
                return reply
        return reply

    async def get(self, path: str, **query: Any) -> Any:
        """Give what the API answers; None in the query is not said.  Raises `Refused`."""
        return (await self.send("GET", path, query=query)).value

    async def post(self, path: str, body: object = None, *, tag: str = "", key: str = "") -> Any:
        """Change something; `tag` is what it was read with, `key` makes it one change however often it is sent."""
        named = {"if-match": tag, "idempotency-key": f'"{key}"' if key else ""}
        return (await self.send("POST", path, body, headers={k: v for k, v in named.items() if v})).value

    async def patch(self, path: str, body: object, *, tag: str = "") -> Any:
        """Change fields of something (RFC 7396).  Raises `Refused`."""
        headers = {"if-match": tag} if tag else {}
        kind = {"content-type": "application/merge-patch+json"}
        return (await self.send("PATCH", path, body, headers={**headers, **kind})).value

    async def every(self, path: str, **query: Any) -> AsyncIterator[Any]:
        """Give what is on all pages of a list, one after the other.  Raises `Refused`."""
        asked = {"limit": _LARGEST_PAGE, **query}
        while True:
            page = await self.get(path, **asked)
            for item in page["items"]:
                yield item
            if not page.get("next"):
                return
            asked["after"] = page["next"]

    async def _once(
        self,
        caller: tuple[str, Principal],
        asked: tuple[str, str, Query | None],
        body: object,
        headers: Mapping[str, str],
    ) -> Reply:
        (team, principal), (method, path, query) = caller, asked
        content = b"" if body is None else msgspec.json.encode(body)
        kind = {} if body is None else {"content-type": "application/json"}
        said = {"host": "inside", **kind, **headers, **({"content-length": str(len(content))} if content else {})}
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": f"{self._gateway.config.server.prefix}{API}{path}",
            "root_path": "",
            "query_string": _query(query).encode("ascii"),
            "headers": [(name.encode("ascii"), value.encode("latin-1")) for name, value in said.items()],
            "client": (self._client, 0) if self._client else None,
        }
        call = scope["tollbridge"] = open_call(scope, self._gateway.clock, path=path)
        call.principal = principal
        call.acting = Acting(self._viewer.acting(self._client, call.id), unbounded=self._viewer.person is None)
        status, found, parts = await _carried(self._gateway, scope, content)
        return Reply(status, found, b"".join(parts), team)


async def _carried(gateway: "Gateway", scope: Scope, content: bytes) -> tuple[int, Mapping[str, str], list[bytes]]:
    parts: list[bytes] = []
    head: dict[str, Any] = {"status": 500, "headers": ()}

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            head.update(message)
        else:
            parts.append(message.get("body", b""))

    await gateway.front(scope, receive, send)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head["headers"]}
    return head["status"], headers, parts


def _query(query: Query | None) -> str:
    """Write a query without what is None or empty; a list stands there once for each of its texts."""
    said = {name: value for name, value in (query or {}).items() if value is not None and value != ""}
    flat = {name: str(value).lower() if isinstance(value, bool) else value for name, value in said.items()}
    return urlencode(flat, doseq=True)
