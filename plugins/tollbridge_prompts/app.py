"""A prompt API on the web: `POST`, and `GET` where the definition lets answers be kept."""

from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from tollbridge import BadRequest, Call, Clock, GatewayError
from tollbridge.administering import CREDENTIAL_HEADERS, MethodNotAllowed, show_usd, until_left
from tollbridge.formats import shown
from tollbridge_prompts import jsontext
from tollbridge_prompts.asking import Asking
from tollbridge_prompts.definition import PromptDefinition
from tollbridge_prompts.incoming import header, read_values
from tollbridge_prompts.keeping import Keeping, is_known, key_of, tag_of
from tollbridge_prompts.media import EVENTS, JSON, chosen
from tollbridge_prompts.problems import KIND, problem_of
from tollbridge_prompts.prompt import Prompt
from tollbridge_prompts.pulse import Pulse
from tollbridge_prompts.queries import read_query
from tollbridge_prompts.refusals import COST, Declined, NotAcceptable, refusal_of
from tollbridge_prompts.running import Listener, Result, answered
from tollbridge_prompts.streams import Body, EventsOut, Trimmed, WordsOut

log = structlog.get_logger("tollbridge")

DROPPED = "x-tollbridge-dropped"
STOP = "x-tollbridge-stop"
VERSION = "tollbridge-version"
VARY = f"accept, prefer, {VERSION}, {', '.join(sorted(name.decode('ascii') for name in CREDENTIAL_HEADERS))}"
"""What tells two answers to a GET apart beside its URL: an answer is kept for its caller alone."""
_READS = ("GET", "HEAD")
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
    """Answers the calls of one release on one worker.

    `release` is its id, `asking` asks on a call's account. Events show every `keep_alive_s` seconds in which there was
    none that the model is still at it; 0 for never.
    """

    def __init__(
        self,
        prompt: Prompt,
        asking: Callable[[Call], Asking],
        clock: Clock,
        *,
        release: str,
        version: str,
        keep_alive_s: float = 0.0,
    ) -> None:
        self._prompt = prompt
        self._definition = prompt.definition
        self._asking = asking
        self._release = release
        self._keep_alive_s = keep_alive_s
        self._common = {**_ALWAYS, VERSION: version}
        self._digest = msgspec.json.encode(prompt.definition)
        get = prompt.definition.get
        self._max_age_s = get.max_age_s if get is not None else 0
        self._kept = Keeping(clock, self._max_age_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, also with a problem, until the caller leaves.

        Raises a `GatewayError` only where a part of an answer was sent already.
        """
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
        streams = method != "HEAD" and (
            kind == EVENTS or (named and not reads and kind != JSON and self._definition.stream)
        )

        async def answer() -> None:
            if streams:
                await self._stream(call, kind, values, send)
                return
            whole = self._read(call, method, kind, values) if reads else self._fresh(call, kind, values)
            await (await whole)(scope, receive, send)

        await until_left(answer(), receive)

    async def _fresh(self, call: Call, kind: str, values: dict[str, Any]) -> Response:
        """Answer a POST."""
        result = await self._asked(call, values)
        return self._response(kind, rendered(kind, result), {"cache-control": "no-store", **_about(result)})

    async def _read(self, call: Call, method: str, kind: str, values: dict[str, Any]) -> Response:
        """Answer a GET or HEAD: with what is kept, else by asking; a HEAD asks no model, for it shows no answer."""
        if kind == EVENTS:
            return _bare(self._stream_headers(kind))
        caller = call.principal.id if call.principal is not None else ""
        key = key_of(self._release, caller, values, strict=call.strict)
        found = self._kept.find(key) if self._lets(call) else None
        headers = {"cache-control": f"private, max-age={self._max_age_s}", "vary": VARY}
        if found is not None:
            result, age_s = found
            headers |= {**_about(result), "age": str(age_s), COST: "0"}
        elif method == "HEAD":
            return _bare({**self._common, **headers, "content-type": _typed(kind)})
        else:
            result = await self._asked(call, values)
            headers |= _about(result)
            if result.cut:
                return self._response(kind, rendered(kind, result), {**headers, "cache-control": "no-store"})
            self._kept.keep(key, result)
        body = rendered(kind, result)
        headers["etag"] = tag_of(self._digest, kind, values, body)
        known = header(call, "if-none-match")
        if known and is_known(known, headers["etag"]):
            return Response(None, 304, {**self._common, **headers})
        response = self._response(kind, body, headers)
        if method == "HEAD":
            response.body = b""  # the length stays that of the answer
        return response

    def _lets(self, call: Call) -> bool:
        """Whether the plan that a call is under lets it come to the model, now that it may have changed."""
        terms = call.entered.terms if call.entered is not None else None
        return terms is None or terms.lets(self._definition.model)

    def _stream_headers(self, kind: str) -> dict[str, str]:
        return {**self._common, "content-type": _typed(kind), "cache-control": "no-store", "vary": "accept"}

    async def _stream(self, call: Call, kind: str, values: dict[str, Any], send: Send) -> None:
        headers = self._stream_headers(kind).items()
        body = Body(send, [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers])
        output = self._definition.output
        trimmed = Trimmed(exact=output.exact or output.type == "json")
        out = EventsOut(body, trimmed) if kind == EVENTS else WordsOut(body, trimmed)
        try:
            async with Pulse(out, self._keep_alive_s) as heard:
                result = await self._asked(call, values, heard)
            await out.end(result)
        except GatewayError as error:
            await out.fail(error)
            _note(call, error)

    async def _asked(self, call: Call, values: dict[str, Any], listener: Listener | None = None) -> Result:
        request = self._prompt.conversation.request(values)
        try:
            return await answered(self._prompt, request, self._asking(call), listener)
        except Declined:
            raise
        except BadRequest as exc:
            raise refusal_of(exc) from None

    def _response(self, kind: str, body: bytes, headers: dict[str, str]) -> Response:
        return Response(body, 200, {**self._common, **headers, "content-type": _typed(kind)})

    def _refusal(self, error: GatewayError) -> Response:
        said = {name.decode("latin-1"): value.decode("latin-1") for name, value in error.headers()}
        kind = {"content-type": KIND, "cache-control": "no-store"}
        return Response(msgspec.json.encode(problem_of(error)), error.status, {**self._common, **said, **kind})


def rendered(kind: str, result: Result) -> bytes:
    """Write an answer: JSON is the value itself, of a text an object with it as `text`; else the text alone."""
    text = jsontext.write({"text": result.text}) if kind == JSON and result.is_text else result.text
    return text.encode("utf-8")


def _about(result: Result) -> dict[str, str]:
    """Say what an answer took, why it ended, and what its model could not be told."""
    said = {} if result.cost is None else {COST: show_usd(result.cost)}
    if result.stop is not None:
        said[STOP] = str(result.stop)
    return {**said, DROPPED: shown(result.dropped).decode("ascii")} if result.dropped else said


def _bare(headers: dict[str, str]) -> Response:
    """Answer a HEAD where there is no answer: without a length, which would be that of one (RFC 9110, 8.6)."""
    response = Response(None, 200, headers)
    del response.headers["content-length"]
    return response


def _note(call: Call, error: GatewayError) -> None:
    """Say how a call ended: what is refused takes no toll, and nothing of a quota."""
    call.error = error
    if error.detail:
        log.warning("call_failed", call_id=call.id, code=error.code, detail=error.detail)


async def _posted(call: Call, scope: Scope, receive: Receive) -> dict[str, Any]:
    return await read_values(call, Request(scope, receive))


def _typed(kind: str) -> str:
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
