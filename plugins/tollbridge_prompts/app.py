"""A prompt API on the web: `POST`, and `GET` where the definition lets answers be kept."""

from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from tollbridge import BadRequest, Call, Clock, GatewayError
from tollbridge.administering import CREDENTIAL_HEADERS, MethodNotAllowed, show_usd
from tollbridge_prompts import jsontext
from tollbridge_prompts.asking import Asking
from tollbridge_prompts.definition import PromptDefinition
from tollbridge_prompts.incoming import header, read_values
from tollbridge_prompts.keeping import Keeping, is_known, key_of, tag_of
from tollbridge_prompts.media import EVENTS, JSON, chosen
from tollbridge_prompts.problems import KIND, problem_of
from tollbridge_prompts.prompt import Prompt
from tollbridge_prompts.queries import read_query
from tollbridge_prompts.refusals import ModelRefused, NotAcceptable
from tollbridge_prompts.running import Listener, Result, answered
from tollbridge_prompts.streams import Body, EventsOut, Trimmed, WordsOut

log = structlog.get_logger("tollbridge")

COST = "x-tollbridge-cost-usd"
VERSION = "tollbridge-version"
VARY = f"accept, {VERSION}, {', '.join(sorted(name.decode('ascii') for name in CREDENTIAL_HEADERS))}"
"""What tells two answers to a GET apart beside its URL: an answer is kept for its caller alone."""
_READS = ("GET", "HEAD")
_STRICT = "unsupported_by_target"
"""The code where a caller wants all or nothing (`Prefer: handling=strict`): the choice is its own."""
_ALWAYS = {"x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'; sandbox"}
"""A model's words are never a page: they may be anybody's."""


def methods_of(definition: PromptDefinition) -> tuple[str, ...]:
    """Give the methods a definition can be called by."""
    return ("POST", *_READS) if definition.get is not None else ("POST",)


def check_method(definition: PromptDefinition, method: str) -> None:
    """Refuse a method it cannot be called by; raises `MethodNotAllowed`."""
    methods = methods_of(definition)
    if method not in methods:
        allowed = ", ".join(methods)
        raise MethodNotAllowed(f"this takes {allowed}, not {method[:20]}", headers={"allow": allowed})


def offered(definition: PromptDefinition) -> tuple[str, ...]:
    """Give the media types of the answer, the usual one first."""
    output = definition.output
    kinds = (JSON,) if output.type == "json" else (output.media_type, JSON)
    return (*kinds, EVENTS) if definition.stream else kinds


class PromptApp:
    """Answers the calls of one release on one worker.  `release` is its id, `asking` asks on a call's account."""

    def __init__(
        self, prompt: Prompt, asking: Callable[[Call], Asking], clock: Clock, *, release: str, version: str
    ) -> None:
        self._prompt = prompt
        self._definition = prompt.definition
        self._asking = asking
        self._release = release
        self._common = {**_ALWAYS, VERSION: version}
        self._digest = msgspec.json.encode(prompt.definition)
        get = prompt.definition.get
        self._max_age_s = get.max_age_s if get is not None else 0
        self._kept = Keeping(clock, self._max_age_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, also with a problem; raises a `GatewayError` only where a part of an answer was sent already."""
        call: Call = scope["tollbridge"]
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._answer(call, scope, receive, sending)
        except GatewayError as error:
            if begun:
                raise
            _note(call, error)
            await self._refusal(error)(scope, receive, send)

    def close(self) -> None:
        """Forget what is kept."""
        self._kept.clear()

    async def _answer(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        method: str = scope["method"]
        check_method(self._definition, method)
        kinds = offered(self._definition)
        kind, named = chosen(header(call, "accept"), kinds)
        if not kind:
            raise NotAcceptable(f"this is answered as {', '.join(kinds)}; send an Accept with one of them")
        if method == "HEAD":
            call.call_price = 0
        reads = method in _READS
        brought = read_query(call.query, self._prompt.inputs) if reads else await _posted(call, scope, receive)
        values = self._prompt.inputs.taken(brought)
        if kind == EVENTS or (named and not reads and kind != JSON and self._definition.stream):
            await self._stream(call, kind, values, send)
        elif reads:
            await (await self._read(call, method, kind, values))(scope, receive, send)
        else:
            result = await self._asked(call, values)
            headers = {"cache-control": "no-store", **self._about(result)}
            await self._response(kind, rendered(kind, result), headers)(scope, receive, send)

    async def _read(self, call: Call, method: str, kind: str, values: dict[str, Any]) -> Response:
        """Answer a GET or HEAD: with what is kept, else by asking; a HEAD asks no model, for it shows no answer."""
        key = key_of(self._release, call.principal.id if call.principal is not None else "", values)
        found = self._kept.find(key)
        headers = {"cache-control": f"private, max-age={self._max_age_s}", "vary": VARY}
        if found is not None:
            result, age_s = found
            headers |= {"age": str(age_s), COST: "0"}
        elif method == "HEAD":
            response = Response(None, 200, {**self._common, **headers, "content-type": _typed(kind)})
            del response.headers["content-length"]  # which would be that of the answer (RFC 9110, 8.6)
            return response
        else:
            result = await self._asked(call, values)
            self._kept.keep(key, result)
            headers |= self._about(result)
        body = rendered(kind, result)
        headers["etag"] = tag_of(self._digest, kind, values, body)
        known = header(call, "if-none-match")
        if known and is_known(known, headers["etag"]):
            return Response(None, 304, {**self._common, **headers})
        response = self._response(kind, body, headers)
        if method == "HEAD":
            response.body = b""  # the length stays that of the answer
        return response

    async def _stream(self, call: Call, kind: str, values: dict[str, Any], send: Send) -> None:
        headers = {**self._common, "content-type": _typed(kind), "cache-control": "no-store", "vary": "accept"}
        body = Body(send, [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()])
        output = self._definition.output
        trimmed = Trimmed(exact=output.exact or output.type == "json")
        out = EventsOut(body, trimmed) if kind == EVENTS else WordsOut(body, trimmed)
        try:
            await out.end(await self._asked(call, values, out))
        except GatewayError as error:
            await out.fail(error)
            _note(call, error)

    async def _asked(self, call: Call, values: dict[str, Any], listener: Listener | None = None) -> Result:
        request = self._prompt.conversation.request(values)
        try:
            return await answered(self._prompt, request, self._asking(call), listener)
        except BadRequest as exc:
            if exc.code == _STRICT:
                raise
            raise ModelRefused(exc) from None

    def _response(self, kind: str, body: bytes, headers: dict[str, str]) -> Response:
        return Response(body, 200, {**self._common, **headers, "content-type": _typed(kind)})

    def _about(self, result: Result) -> dict[str, str]:
        """Say what an answer took."""
        return {} if result.cost is None else {COST: show_usd(result.cost)}

    def _refusal(self, error: GatewayError) -> Response:
        said = {name.decode("latin-1"): value.decode("latin-1") for name, value in error.headers()}
        kind = {"content-type": KIND, "cache-control": "no-store"}
        return Response(msgspec.json.encode(problem_of(error)), error.status, {**self._common, **said, **kind})


def rendered(kind: str, result: Result) -> bytes:
    """Write an answer: JSON is the value itself, of a text an object with it as `text`; else the text alone."""
    text = jsontext.write({"text": result.text}) if kind == JSON and result.is_text else result.text
    return text.encode("utf-8")


def _note(call: Call, error: GatewayError) -> None:
    """Say how a call ended: what is refused takes no toll, and nothing of a quota."""
    call.error = error
    if error.detail:
        log.warning("call_failed", call_id=call.id, code=error.code, detail=error.detail)


async def _posted(call: Call, scope: Scope, receive: Receive) -> dict[str, Any]:
    return await read_values(call, Request(scope, receive))


def _typed(kind: str) -> str:
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
