"""A draft or a release tried with one request: served for that alone, on the account of who asks, never published.

What it asks models counts as the caller's usage, and so does the call itself, without the toll that callers pay. It is
made for the call that asked for it, so that no report takes it for a call of the service.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
import structlog
from starlette.types import Message, Receive, Scope, Send

from tollbridge.asking.inside import InnerCrossing, never
from tollbridge.call import Call, open_call
from tollbridge.errors import BadRequest, GatewayError, InternalError, NotFound, SetupError
from tollbridge.faults import told
from tollbridge.layers.layer import Layer, Plan
from tollbridge.layers.meter import Meter
from tollbridge.layers.observe import Observe
from tollbridge.policing import Made
from tollbridge.runtime import measured
from tollbridge.services.book import serving
from tollbridge.services.entrance import PREFIX, operation_of
from tollbridge.services.kinds import OPERATION, ServedService
from tollbridge.services.model import DraftEdit
from tollbridge.tokens.model import Principal

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

log = structlog.get_logger("tollbridge")

MOST_ANSWER = 1024 * 1024
"""Bytes of an answer that are given; the rest of it is left out."""
_SAFE = "/:@!$&'()*+,;="
_SECRET = frozenset(("authorization", "cookie", "x-api-key", "x-goog-api-key", "api-key", "proxy-authorization"))
_FRAMING = frozenset(("host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer"))


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A request to try something with.  `path` is the decoded one below the service, empty or with a leading slash."""

    method: str = "POST"
    path: str = ""
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """The answer.  `cut`: there was more of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool
    latency_s: float


async def try_out(
    gateway: "Gateway",
    service_id: str,
    number: int | None,
    attempt: Attempt,
    call: Call,
    *,
    giver: Principal | None,
    edit: DraftEdit | None = None,
) -> Tried | None:
    """Try a release, or without a number the draft, for whoever made a call; None where there is no such thing.

    `edit` gives what the draft is to be for this trial; nothing of it is kept.
    What the service refuses is an answer too. Raises `BadRequest` for what could not be published, or is no request,
    `Denied` for models that the giver may not call, and `SetupError` where no model can be asked here.
    """
    headers = _checked(attempt)
    trial = await gateway.services.trial(service_id, number, giver=giver, edit=edit)
    if trial is None:
        return None
    await gateway.prepare_asking()
    try:
        policies = gateway.policing.make(trial.policies)
        served = await serving(trial.kind, gateway, trial.running)
    except SetupError as exc:
        raise BadRequest(f"this cannot be served: {exc}", code="not_ready", status=422) from exc
    try:
        return await _crossed(gateway, _Served(served, trial.running.slug, attempt), policies, headers, call)
    finally:
        await served.close()


async def _crossed(
    gateway: "Gateway", served: "_Served", policies: Made, headers: list[tuple[bytes, bytes]], outer: Call
) -> Tried:
    slug, attempt = served.slug, served.attempt
    scope = _scope(slug, attempt, headers, outer)
    call = open_call(scope, gateway.clock)
    scope["tollbridge"] = scope["state"]["tollbridge"] = call
    call.parent, call.principal, call.client = outer.id, outer.principal, outer.client
    call.service, call.operation, call.call_price = slug, operation_of(slug), 0
    answer = _Answer()

    async def receive() -> Message:
        if answer.asked:
            return await never()
        answer.asked = True
        return {"type": "http.request", "body": attempt.body, "more_body": False}

    links: list[Layer] = [layer for layer in gateway.chain.plan.layers if isinstance(layer, Observe | Meter)]
    app = gateway.policing.around(served, policies) if policies else served
    plan = measured(Plan(links, app, gateway.clock), gateway.config)
    crossing = InnerCrossing(plan, call, receive, answer.send)
    try:
        await crossing.run(scope)
    finally:
        await plan.settled()
    return Tried(
        status=answer.status,
        headers=answer.headers,
        body=bytes(answer.body[:MOST_ANSWER]),
        cut=len(answer.body) > MOST_ANSWER,
        latency_s=call.duration_s,
    )


class _Served:
    """A service at the end of its own short chain.  A fault is logged, and nobody sees its words."""

    def __init__(self, served: ServedService, slug: str, attempt: Attempt) -> None:
        self._served = served
        self.slug = slug
        self.attempt = attempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope["tollbridge"]
        try:
            found = self._served.find(call.method, self.attempt.path, call.headers, call.query)
            if found is None:
                raise NotFound(f"the service {self.slug!r} has nothing at {self.attempt.path[:200] or '/'}")
            call.operation = operation_of(self.slug, found.name)
            await self._served({**scope, OPERATION: found}, receive, send)
        except GatewayError:
            raise
        except Exception as exc:
            log.error("trial_failed", call_id=call.id, service=self.slug, **told(exc))
            raise InternalError("it failed; the log of the gateway has the reason under this request's id") from None


class _Answer:
    """Collects what is sent, bounded."""

    def __init__(self) -> None:
        self.asked = False
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
        elif len(self.body) <= MOST_ANSWER:
            self.body += message.get("body", b"")


def _scope(slug: str, attempt: Attempt, headers: list[tuple[bytes, bytes]], outer: Call) -> dict[str, Any]:
    root = f"{PREFIX}{slug}"
    path = root + attempt.path
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": attempt.method,
        "path": path,
        "raw_path": quote(path, safe=_SAFE).encode("ascii"),
        "root_path": root,
        "query_string": attempt.query.encode("ascii"),
        "headers": headers,
        "client": (outer.client, 0) if outer.client else None,
        "state": {},
    }


def _checked(attempt: Attempt) -> list[tuple[bytes, bytes]]:
    """Give headers as they arrive; raises `BadRequest` for what is no request, or shows who somebody is."""
    if attempt.path and not attempt.path.startswith("/"):
        raise BadRequest("a path begins with a slash, or is empty for the service itself", param="path")
    if not attempt.query.isascii():
        raise BadRequest("what a query holds beside ASCII is percent-encoded", param="query")
    found = [(b"content-length", b"%d" % len(attempt.body))] if attempt.body else []
    for name, value in attempt.headers.items():
        known = name.lower()
        if known in _SECRET or known in _FRAMING:
            raise BadRequest(f"the header {known!r} cannot be tried; it is not passed on", param="headers")
        if not _is_token(known) or not value.isascii() or not value.isprintable():
            raise BadRequest("a header has a name and a value of printable ASCII characters", param="headers")
        found.append((known.encode("ascii"), value.encode("ascii")))
    return found


def _is_token(name: str) -> bool:
    return bool(name) and name.isascii() and all(sign.isalnum() or sign in "!#$%&'*+-.^_`|~" for sign in name)
