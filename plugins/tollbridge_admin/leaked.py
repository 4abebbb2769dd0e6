"""Where found tokens are reported: by whoever has one, and by secret scanners; nobody needs a token for it.

Every report is answered alike, whatever it held: it tells nobody which secrets are ours.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tollbridge import BadRequest, Call, Denied, Gateway, NotFound, Unavailable
from tollbridge.administering import (
    MOST_REPORTED,
    NAMELESS,
    PATTERN,
    Actor,
    Found,
    Leaks,
    MethodNotAllowed,
    ScannerKeys,
    check_json_depth,
)
from tollbridge.formats import Operation
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.bodies import DEEPEST, check_kind, read_body
from tollbridge_admin.problems import write_problem
from tollbridge_admin.routes import ANYBODY, Nothing, Route, route
from tollbridge_admin.tokenshapes import Wish

PATH = "/api/leaked"
"""Where scanners report, under the prefix."""
SERVICE = "leaked"
VIA = "leaked"
"""The way that the audit log has a report by."""
_LARGEST = 1024 * 1024
"""Bytes of a scanner's report."""
_MOST_UNSIGNED = 100
_KEY_ID, _SIGNATURE = "github-public-key-identifier", "github-public-key-signature"


class LeakReport(Wish, frozen=True):
    """Secrets of tokens that were found, and where."""

    tokens: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=8192)]], Meta(min_length=1, max_length=_MOST_UNSIGNED)
    ]
    place: Annotated[str, Meta(max_length=500, description="Where they were found, such as a URL.")] = ""


class LeakReceived(msgspec.Struct, frozen=True):
    """How many secrets were received.  It says nothing about whose they are."""

    received: int


class SecretPattern(msgspec.Struct, frozen=True):
    """How the secret of a token looks: a regular expression, and what the last characters of a match are."""

    name: str
    pattern: str
    checksum: str


SHOWN = SecretPattern(
    "tollbridge_token",
    PATTERN,
    "the last six characters are the CRC-32 of all before them, in base 62 with the digits 0-9, A-Z, a-z",
)


class Leaked:
    """Takes reports over the API."""

    def __init__(self, leaks: Leaks) -> None:
        self._leaks = leaks

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        return (
            route("POST", "/leaked", self.report_leaked, takes=LeakReport, gives=LeakReceived, scope=ANYBODY),
            route("GET", "/secret-pattern", self.get_secret_pattern, takes=Nothing, gives=SecretPattern, scope=ANYBODY),
        )

    async def report_leaked(self, asked: Asked, report: LeakReport) -> Answer:
        """Report the secrets of tokens that were found in the open; whoever has one may."""
        call, by = asked.call, asked.actor
        if not asked.operator:
            await self._leaks.admit(call.client, call.id)
            by = Actor(NAMELESS, VIA, call.client, call.id)
        found = [Found(secret, report.place) for secret in report.tokens]
        await self._leaks.report(found, by, aloud=not asked.operator)
        return Answer(LeakReceived(len(report.tokens)))

    async def get_secret_pattern(self, asked: Asked, nothing: Nothing) -> Answer:
        """Say how the secrets of tokens look, for secret scanners."""
        return Answer(SHOWN)


class _Match(msgspec.Struct, frozen=True):
    """One find of a scanner, in the form of GitHub's partner program."""

    token: str
    type: str | None = None
    url: str | None = None
    source: str | None = None

    def __repr__(self) -> str:
        return "_Match()"


def make_scanners_app(gateway: Gateway) -> ASGIApp:
    """Build the app that scanners report to, behind the gateway's own links."""
    options = gateway.config.leaked
    keys = None
    if options.keys_url:
        keys = ScannerKeys(options.keys_url, gateway.transport, gateway.clock, allow_private=options.allow_private)
        gateway.when_stopping(keys.close)
    return gateway.guard(
        ScannersReports(Leaks.of(gateway), keys),
        service=SERVICE,
        find=lambda call: Operation(scope="", label="report", method=call.method, ai=False),
        write_refusal=write_problem,
        public=("/",),
    )


class ScannersReports:
    """Takes what scanners send: a list of finds, which is signed where `keys` are there to check it."""

    def __init__(self, leaks: Leaks, keys: ScannerKeys | None) -> None:
        self._leaks = leaks
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope["tollbridge"]
        if scope["type"] != "http":
            raise NotFound("no WebSocket is served here")
        request = Request(scope, receive)
        if request.method != "POST":
            raise MethodNotAllowed("this path takes POST", headers={"allow": "POST"})
        check_kind("POST", request.headers.get("content-type", ""))
        body = await read_body(request, _LARGEST)
        scanner = await self._scanner(request, call, body)
        found = _finds(body, MOST_REPORTED if scanner else _MOST_UNSIGNED)
        await self._leaks.report(found, Actor(scanner or NAMELESS, VIA, call.client, call.id))
        answer = msgspec.json.encode(LeakReceived(len(found)))
        await Response(answer, media_type="application/json", headers={"cache-control": "no-store"})(
            scope, receive, send
        )

    async def _scanner(self, request: Request, call: Call, body: bytes) -> str:
        """Name the scanner that signed, empty where nobody did; raises `Denied` for a signature that is none."""
        key_id, signature = (request.headers.get(name, "") for name in (_KEY_ID, _SIGNATURE))
        if self._keys is None or not (key_id or signature):
            await self._leaks.admit(call.client, call.id)
            return ""
        try:
            await self._keys.check(key_id, signature, body)
        except (Denied, Unavailable):
            await self._leaks.admit(call.client, call.id)
            raise
        return f"scanner:{key_id[:16]}"


def _finds(body: bytes, most: int) -> list[Found]:
    check_json_depth(body, DEEPEST)
    try:
        matches = msgspec.json.decode(body, type=list[_Match])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest(
            'a report is a JSON list of objects with "token", and perhaps "type", "url" and "source"',
            code="invalid_json",
        ) from None
    if len(matches) > most:
        raise BadRequest(f"a report has at most {most} finds; send several", code="too_many_finds")
    return [Found(one.token, " ".join(filter(None, (one.source, one.url)))) for one in matches]
