"""One call of a REST service, from the caller's request to the end of the answer."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import structlog
from starlette.types import Receive, Send

from tollbridge import BadRequest, Clock, GatewayError, NotFound, Unavailable, UpstreamError
from tollbridge.administering import CREDENTIAL_HEADERS, BodyTooLarge
from tollbridge_rest.bodies import CallerGone, Incoming
from tollbridge_rest.cachedanswers import Collecting, Given, Lookup
from tollbridge_rest.cors import answer_headers, value_of
from tollbridge_rest.definition import Mock, Strictness
from tollbridge_rest.described import Asked
from tollbridge_rest.documents.findings import Finding
from tollbridge_rest.exchange import ELSEWHERE, Answer, Exchange, Outgoing
from tollbridge_rest.headers import Headers, edit_headers, headers_down
from tollbridge_rest.keeping import Shelf
from tollbridge_rest.line import LineBroken
from tollbridge_rest.redirects import Public, public_headers
from tollbridge_rest.relaying import MOST_READ, BrokenOff, edited, head_of, read_whole, send_on, send_whole
from tollbridge_rest.routing import Taken
from tollbridge_rest.shaping import (
    Course,
    Shown,
    cache_key,
    cache_rules,
    cache_url,
    changed_body,
    outgoing,
    own_headers,
)

LONGEST_S = 60.0
"""Seconds of a call whose route says nothing of it and that has no upstream."""
_LARGE = 256 * 1024
"""Bytes of a body whose JSON is worked on in a thread."""
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_VARY = (b"vary", b", ".join(sorted(CREDENTIAL_HEADERS)))
"""What somebody got is nobody else's, also where a cache on the way keeps what bears no `Authorization`."""

_CODES = {each.status: each.code for each in (NotFound, BodyTooLarge)}
Found = TypeVar("Found")

log = structlog.get_logger("tollbridge")


class RestCall:
    """Answers one request.  `shelf` has the answers that are kept, of all routes."""

    def __init__(self, course: Course, taken: Taken, shown: Shown, shelf: Shelf, clock: Clock) -> None:
        self._course = course
        self._route = course.route
        self._taken = taken
        self._shown = shown
        self._shelf = shelf
        self._clock = clock
        self._bodiless = shown.method == "HEAD"
        self._begun = False
        self._exchange: Exchange | None = None

    async def run(self, receive: Receive, send: Send) -> None:
        """Answer; raises a `GatewayError` as long as nothing is sent, and leaves an answer without an end after that.

        A server breaks the connection off then, so that nobody takes a part for the whole.
        """
        course, route = self._course, self._route
        self._plain_send = send
        longest_s = course.backend.upstream.total_timeout_s if course.backend is not None else LONGEST_S
        seconds = route.timeout_s or longest_s
        body = Incoming(receive, route.max_body_bytes, _length(self._shown.headers))
        work, leaving = asyncio.create_task(self._work(body)), asyncio.create_task(body.gone())
        try:
            await asyncio.wait({work, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
            elif not leaving.done():
                if self._exchange is not None:
                    self._exchange.ran_out()
                again_s = None if course.backend is None else course.backend.again_s()
                raise _late(seconds, again_s, reached=self._exchange is not None and self._exchange.reached)
        except CallerGone:
            return
        except GatewayError as exc:
            if not self._begun:
                raise
            self._log_break(exc.detail or exc.message)
        except (BrokenOff, LineBroken) as exc:
            self._log_break(str(exc))
        finally:
            await _end(work, leaving)

    def _log_break(self, why: str) -> None:
        self._log("service_answer_broke_off", detail=why[:300])

    def _log(self, event: str, **more: object) -> None:
        log.warning(event, call_id=self._shown.call.id, operation=self._route.name, **more)

    async def _send(self, message: Mapping[str, Any]) -> None:
        """Send a message on, the head with what pages of other origins and caches on the way are told."""
        if message["type"] == "http.response.start":
            self._begun = True
            cors = self._route.cors
            more = [] if self._shown.call.principal is None else [_VARY]
            if cors is not None:
                more += answer_headers(cors, self._shown.headers)
            message = {**message, "headers": [*message["headers"], *more]}
        await self._plain_send(dict(message))

    async def _work(self, body: Incoming) -> None:
        await body.begin()
        asked = await self._judged(body)
        if self._route.mock is Mock.ALWAYS:
            await self._give(self._made_up(asked))
            return
        await self._cross(body, asked)

    async def _judged(self, body: Incoming) -> Asked:
        """Hold the request against the document and change its body, where the route says so."""
        course, shown = self._course, self._shown
        asked = Asked(shown.method, shown.path, shown.query, shown.headers)
        if not (course.judges_requests or course.request_edit) or body.is_empty:
            if body.is_empty:
                asked = replace(asked, body=b"")
            await self._judge_request(asked)
            return asked
        content = await body.whole(MOST_READ)
        asked = replace(asked, body=content)
        await self._judge_request(asked)
        if course.request_edit:
            body.replace(await _beside(content, lambda: changed_body(course, shown, content)))
        return asked

    async def _judge_request(self, asked: Asked) -> None:
        course, how = self._course, self._route.validate.request
        described = course.described
        if described is None or not course.judges_requests:
            return
        wrong = await _beside(asked.body or b"", lambda: described.wrong_request(asked))
        if wrong and how is Strictness.REFUSE:
            first = wrong[0]
            message = f"the request is not as this service's document says: {_told(wrong)}"
            code = _CODES.get(first.status)
            raise BadRequest(message, status=first.status, code=code, param=first.where[:200])
        self._warn("request_not_as_described", wrong)

    async def _judge_answer(self, asked: Asked, answer: Answer, body: bytes) -> None:
        course, how = self._course, self._route.validate.response
        described = course.described
        if described is None or not course.judges_answers or self._bodiless or answer.status == 304:
            return
        wrong = await _beside(body, lambda: described.wrong_answer(asked, answer.status, answer.headers, body))
        if wrong and how is Strictness.REFUSE:
            raise UpstreamError(
                "the upstream's answer is not as this service's document says",
                code="upstream_not_as_described",
                detail=_told(wrong),
            )
        self._warn("answer_not_as_described", wrong)

    def _warn(self, event: str, wrong: Sequence[Finding]) -> None:
        if wrong:
            self._log(event, detail=_told(wrong))

    async def _cross(self, body: Incoming, asked: Asked) -> None:
        """Give what is kept, or have it fetched."""
        course, shown = self._course, self._shown
        request = outgoing(course, self._taken, shown)
        lookup, rules = None, cache_rules(course, shown)
        if rules is not None and body.is_empty:
            key = cache_key(course, shown, request.target)
            heard = [*request.headers, *own_headers(course, shown)]  # an answer may vary by either
            lookup = Lookup(self._shelf, rules, key, request.method, heard, clock=self._clock)
            given = lookup.fresh()
            if given is not None:
                await self._give(given)
                return
            if lookup.is_all:
                said = "nothing is kept of this, and the request asks for no more"
                raise Unavailable(said, status=504, code="nothing_kept")  # RFC 9111 section 5.2.1.7
        answer = await self._fetch(request, request.headers if lookup is None else lookup.up(), body)
        if answer is None:
            await self._give(self._made_up(asked))
            return
        public = Public(shown.root, self._taken.way.template, course.rewrite)
        answer.headers = public_headers(answer.headers, answer.origins, answer.path, public)
        try:
            if shown.method not in _SAFE and answer.status < 400:
                self._shelf.forget(cache_url(course, request.target), shown.path)
            await self._pass_on(answer, asked, lookup)
        finally:
            await answer.close()

    async def _fetch(self, request: Outgoing, headers: Headers, body: Incoming) -> Answer | None:
        """Have it fetched; None where the upstream is down and an answer is made up then."""
        backend, shown = self._course.backend, self._shown
        if backend is None:
            raise Unavailable("this operation has no upstream", code="upstream_missing")
        instead = self._route.mock is Mock.WHEN_DOWN and self._course.described is not None
        ours = await backend.ours()
        sent = Outgoing(request.method, ours.target(request.target), request.host, headers, request.key)
        own = [*own_headers(self._course, shown), *ours.headers]
        try:
            self._exchange = Exchange(backend, sent, own, body, shown.call.id)
            answer = await self._exchange.run()
            answer.headers = ours.hidden(answer.headers)
        except (UpstreamError, Unavailable) as exc:
            if not instead:
                raise
            self._log("upstream_down_mocked", detail=exc.detail)
            return None
        if instead and answer.status in ELSEWHERE:
            self._log("upstream_down_mocked", detail=f"it answered {answer.status}")
            await answer.close()
            return None
        return answer

    async def _pass_on(self, answer: Answer, asked: Asked, lookup: Lookup | None) -> None:
        course, route, edit = self._course, self._route, self._route.response
        keeps: Collecting | None = None
        if lookup is not None:
            said = edit_headers(headers_down(answer.headers, cookies=edit.cookies), edit.headers)
            given = lookup.confirmed(answer.status, answer.headers, said)
            if given is not None:
                await self._give(given)
                return
        head = head_of(answer, route)
        if lookup is not None:
            keeps = lookup.collecting(answer.status, answer.headers, Given(head.status, head.headers, b""))
        if not course.reads_answers:
            await send_on(self._send, head, answer, route, bodiless=self._bodiless, keeps=keeps)
            return
        body = await self._read(answer)
        await self._judge_answer(asked, answer, body)
        whole = body
        body, headers = await _beside(whole, lambda: edited(whole, head.headers, course.response_edit))
        if keeps is not None:
            keeps.add(body)
            keeps.end(headers)
        await self._give(Given(head.status, headers, body))

    async def _read(self, answer: Answer) -> bytes:
        if self._bodiless:
            return b""
        try:
            return await read_whole(answer, min(MOST_READ, self._route.max_answer_bytes))
        except LineBroken as exc:
            raise UpstreamError("the upstream's answer ended before it was complete", detail=str(exc)) from None

    async def _give(self, given: Given) -> None:
        await send_whole(self._send, given.status, given.headers, given.body, bodiless=self._bodiless)

    def _made_up(self, asked: Asked) -> Given:
        described = self._course.described
        if described is None:
            raise Unavailable("there is no document to make an answer up from", code="mock_missing")
        made = described.made_up(asked)
        return Given(made.status, [*made.headers, (b"x-tollbridge-mock", b"true")], made.body)


async def _beside(content: bytes, work: Callable[[], Found]) -> Found:
    """Do work on a body, on a large one in a thread: other calls go on between its steps."""
    return await asyncio.to_thread(work) if len(content) > _LARGE else work()


async def _end(*tasks: "asyncio.Task[None]") -> None:
    """End tasks, whatever has become of them."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # so that asyncio does not report it


def _told(wrong: Sequence[Finding]) -> str:
    return "; ".join(f"{finding.where} {finding.message}" for finding in wrong)


def _length(headers: Headers) -> int | None:
    said = value_of(headers, b"content-length")
    return int(said) if said.isdigit() else None


def _late(seconds: float, again_s: float | None, *, reached: bool) -> GatewayError:
    kind = UpstreamError if reached else Unavailable
    return kind(
        "the service had not answered when time was up",
        code="upstream_timeout",
        status=504,
        detail=f"no end within {seconds:g} s",
        retry_after_s=again_s,
    )
