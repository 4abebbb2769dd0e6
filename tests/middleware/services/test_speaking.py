import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.support.answering import Answering, Talking, TalkingService

from tollbridge.call import Call
from tollbridge.errors import BadRequest, RateLimited, UpstreamError
from tollbridge.formats import AnyEvent, Broken, End, Notes, Request
from tollbridge.services.kinds import Left, Running, Said
from tollbridge.services.model import Access, Approval, Design
from tollbridge.testing import GatewayUnderTest

Publish = Callable[..., Awaitable[TalkingService | None]]
ASKED = {"model": "api/parrot", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def bridge(gateway: Any, request: pytest.FixtureRequest) -> GatewayUnderTest:
    return gateway(getattr(request, "param", {}), plugins=(Talking(), Answering()))


@pytest.fixture
def publish(bridge: GatewayUnderTest) -> Publish:
    """Publish the service `parrot`, and give it as it serves."""

    async def publish(kind: str = "talking", *, access: Access = Access.SCOPE, **said: Any) -> TalkingService | None:
        await bridge.client()
        services = bridge.gateway.services
        design = Design(
            name="Parrot",
            access=access,
            approval=Approval.AUTO,
            price_per_call_usd="0.01",
            definition={"text": "I say", **said},
        )
        service = await services.add("parrot", kind, draft=design, team="birds")
        await services.release(service.id, version="1")
        await services.publish(service.id, 1)
        live = (await bridge.gateway.books.current()).entries["parrot"].live
        assert live is not None
        served = await live.served()
        return served if isinstance(served, TalkingService) else None

    return publish


async def test_service_is_a_model_in_every_dialect(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()

    chat = await bridge.request("POST", "/v1/chat/completions", json=ASKED)
    messages = await bridge.request("POST", "/v1/messages", json={**ASKED, "max_tokens": 10})
    gemini = await bridge.request(
        "POST",
        "/v1beta/models/api/parrot:generateContent",
        json={"contents": [{"role": "user", "parts": [{"text": "hello"}]}]},
    )

    assert chat.json()["choices"][0]["message"]["content"] == "I say: hello"
    assert messages.json()["content"] == [{"type": "text", "text": "I say: hello"}]
    assert gemini.json()["candidates"][0]["content"]["parts"][0]["text"] == "I say: hello"
    assert chat.headers["x-tollbridge-cost-usd"] == "0.005"
    assert chat.headers["tollbridge-version"] == "1"


async def test_answer_streams_in_the_callers_dialect(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()

    chat = await bridge.request("POST", "/v1/chat/completions", json={**ASKED, "stream": True})
    messages = await bridge.request("POST", "/v1/messages", json={**ASKED, "max_tokens": 10, "stream": True})

    assert chat.headers["content-type"] == "text/event-stream"
    assert chat.headers["cache-control"] == "no-store"
    assert '"content":"I say: hello"' in chat.text.replace(" ", "").replace("Isay:hello", "I say: hello")
    assert chat.text.rstrip().endswith("data: [DONE]")
    assert "event: message_stop" in messages.text


async def test_call_is_one_of_the_service_and_takes_its_toll(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()
    await bridge.request("POST", "/v1/chat/completions", json=ASKED)

    (row,) = await bridge.gateway.store.recent()

    assert (row.service, row.operation, row.model, row.cost) == (
        "parrot",
        "service:parrot:speak",
        "api/parrot",
        10_000_000,
    )


async def test_caller_needs_the_scope_of_the_model_and_hears_of_nothing_else(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish()
    other = await bridge.token("ai:chat", "model:small")
    own = await bridge.token("ai:chat", "model:api/*")

    for model in ("api/parrot", "api/nothing"):
        refused = await bridge.request("POST", "/v1/chat/completions", token=other, json={**ASKED, "model": model})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "insufficient_scope")
    assert (await bridge.request("POST", "/v1/chat/completions", token=own, json=ASKED)).status_code == 200
    unknown = await bridge.request("POST", "/v1/chat/completions", token=own, json={**ASKED, "model": "api/nothing"})
    assert (unknown.status_code, unknown.json()["error"]["message"]) == (404, "there is no service 'nothing'")


@pytest.mark.parametrize(
    ("scopes", "lacks"),
    [
        (("service:parrot:speak",), "ai:chat"),
        (("service:parrot:*", "ai:chat"), "model:api/parrot"),
        (("model:api/parrot",), "ai:chat"),
        (("ai:chat", "model:api/parrot"), ""),
        (("ai:chat", "model:api/parrot@1"), "model:api/parrot"),
    ],
)
async def test_scope_of_its_name_as_a_model_opens_it_and_the_one_it_is_recorded_under_does_not(
    bridge: GatewayUnderTest, publish: Publish, scopes: tuple[str, ...], lacks: str
) -> None:
    await publish()

    answer = await bridge.request("POST", "/v1/chat/completions", token=await bridge.token(*scopes), json=ASKED)

    assert answer.status_code == (403 if lacks else 200)
    assert not lacks or f'scope="{lacks}"' in answer.headers["www-authenticate"]


async def test_subscription_is_asked_for_here_too(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish(access=Access.SUBSCRIPTION)

    refused = await bridge.request("POST", "/v1/chat/completions", json=ASKED)
    birds = await bridge.token("ai:chat", "model:api/parrot", team="birds")

    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_subscribed")
    assert (await bridge.request("POST", "/v1/chat/completions", token=birds, json=ASKED)).status_code == 200


async def test_models_are_listed_with_those_services_that_the_caller_reaches(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish()
    other = await bridge.token("model:small")

    listed = (await bridge.request("GET", "/v1/models")).json()["data"]
    one = await bridge.request("GET", "/v1/models/api/parrot")

    assert ("api/parrot", "birds") in [(model["id"], model["owned_by"]) for model in listed]
    assert one.json()["id"] == "api/parrot"
    assert (await bridge.request("GET", "/v1/models/api/nothing")).status_code == 404
    assert "api/parrot" not in (await bridge.request("GET", "/v1/models", token=other)).text


async def test_list_of_models_says_which_is_to_end_and_what_takes_its_place(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish()
    service = await (await bridge.gateway.store.services()).get_service("parrot")
    assert service is not None
    await bridge.gateway.services.deprecate(service.id)
    bare = (await bridge.request("GET", "/v1/models/api/parrot")).json()
    ends = bridge.clock.now() + timedelta(days=1)
    await bridge.gateway.services.deprecate(service.id, sunset_at=ends, successor="crow")

    full = (await bridge.request("GET", "/v1/models/api/parrot")).json()
    mistral = (await bridge.request("GET", "/mistral/v1/models/api/parrot")).json()

    assert (bare["deprecated_at"], "sunset_at" in bare, "successor" in bare) == ("2026-01-05T12:00:00Z", False, False)
    assert (full["sunset_at"], full["successor"]) == ("2026-01-06T12:00:00Z", "api/crow")
    assert mistral["deprecation"] == "2026-01-06T12:00:00Z"
    assert mistral["deprecation_replacement_model"] == "api/crow"


async def test_version_is_asked_for_in_the_name(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()

    there = await bridge.request("POST", "/v1/chat/completions", json={**ASKED, "model": "api/parrot@1"})
    gone = await bridge.request("POST", "/v1/chat/completions", json={**ASKED, "model": "api/parrot@2"})

    assert there.status_code == 200
    for scope, status in (("model:api/parrot", 200), ("model:api/parrot@1", 200), ("model:api/parrot@2", 403)):
        token = await bridge.token("ai:chat", scope)
        asked = {**ASKED, "model": "api/parrot@1"}
        answer = await bridge.request("POST", "/v1/chat/completions", token=token, json=asked)
        assert answer.status_code == status
        assert status == 200 or 'scope="model:api/parrot"' in answer.headers["www-authenticate"]
    assert gone.json()["error"]["message"] == "the service 'parrot' serves no version '2'; it serves 1"


async def test_model_that_is_paused_is_in_no_list_and_says_why(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()
    parrot = await (await bridge.gateway.store.services()).get_service("parrot")
    assert parrot is not None
    before = await bridge.request("GET", "/v1/models")
    await bridge.gateway.services.pause(parrot.id, why="it is moulting")

    refused = await bridge.request("POST", "/v1/chat/completions", json=ASKED)
    after = await bridge.request("GET", "/v1/models")

    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "service_paused")
    assert refused.json()["error"]["message"] == "the service 'parrot' is paused: it is moulting"
    assert ["api/parrot" in [one["id"] for one in found.json()["data"]] for found in (before, after)] == [True, False]


async def test_service_of_another_kind_is_no_model(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish("answering")

    answer = await bridge.request("POST", "/v1/chat/completions", json=ASKED)

    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "the service 'parrot' is not called as a model"
    assert "api/parrot" not in (await bridge.request("GET", "/v1/models")).text


async def test_what_is_no_conversation_is_refused(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()

    answer = await bridge.request("POST", "/v1/embeddings", json={"model": "api/parrot", "input": "hello"})

    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert message == "the model 'api/parrot' is a service, and answers conversations alone"


async def test_refusal_before_the_answer_has_its_own_status(bridge: GatewayUnderTest, publish: Publish) -> None:
    served = await publish()
    assert served is not None
    served.wrong = (RateLimited("slower"), 0)

    for stream in (False, True):
        answer = await bridge.request("POST", "/v1/chat/completions", json={**ASKED, "stream": stream})
        assert (answer.status_code, answer.json()["error"]["message"]) == (429, "slower")


async def test_stream_that_breaks_off_ends_with_an_error_and_is_let_go(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    served = await publish()
    assert served is not None
    served.wrong = (UpstreamError("it broke"), 2)
    before = TalkingService.ended

    answer = await bridge.request("POST", "/v1/chat/completions", json={**ASKED, "stream": True})

    assert answer.status_code == 200
    assert "it broke" in answer.text
    assert "[DONE]" not in answer.text
    (row,) = await bridge.gateway.store.recent()
    assert (row.outcome, row.status, row.error, row.cost) == ("upstream_failed", 200, "upstream_error", 10_000_000)
    assert TalkingService.ended == before + 1


async def test_what_was_left_out_is_told_in_the_callers_own_words(bridge: GatewayUnderTest, publish: Publish) -> None:
    served = await publish()
    assert served is not None
    (await bridge.gateway.books.current()).entries["parrot"].live._served = Losing(  # type: ignore[union-attr]
        served._kind, served._running
    )

    answer = await bridge.request("POST", "/v1/messages", json={**ASKED, "max_tokens": 10})

    assert answer.headers["x-tollbridge-dropped"] == "top_k, max_tokens"


class Picky(TalkingService):
    """A release that has no use for some fields, and whose model has none for another; it takes no format."""

    async def respond(self, call: Call, request: Request) -> Said:
        self._check(request)
        return Said(self._answer(request), dropped=("top_k",))

    async def stream(self, call: Call, request: Request) -> AsyncIterator[AnyEvent | Left]:
        self._check(request)
        if request.seed:
            yield Left(("seed",))
        async for event in super().stream(call, request):
            if isinstance(event, End):
                yield Left(("top_k",))
            yield event

    def leave_out(self, request: Request, notes: Notes) -> None:
        notes.drop_given(max_output=request.max_output)
        notes.drop_extras(request.extras)

    def _check(self, request: Request) -> None:
        if request.format:
            raise BadRequest("this takes no format", param="format")


@pytest.fixture
def pick(bridge: GatewayUnderTest, publish: Publish) -> Callable[[], Awaitable[None]]:
    """Publish the service, picky as it is."""

    async def pick() -> None:
        served = await publish()
        assert served is not None
        picky = Picky(served._kind, served._running)
        (await bridge.gateway.books.current()).entries["parrot"].live._served = picky  # type: ignore[union-attr]

    return pick


LOSSY = {**ASKED, "max_completion_tokens": 10, "logit_bias": {"1": 2}}


async def test_what_has_no_use_and_what_the_model_lost_are_told_together(
    bridge: GatewayUnderTest, pick: Callable[[], Awaitable[None]]
) -> None:
    await pick()

    whole = await bridge.request("POST", "/v1/chat/completions", json=LOSSY)

    assert whole.headers["x-tollbridge-dropped"] == "max_completion_tokens, logit_bias, top_k"


async def test_stream_tells_at_its_head_what_is_known_and_all_of_it_before_its_end(
    bridge: GatewayUnderTest, pick: Callable[[], Awaitable[None]]
) -> None:
    await pick()

    streamed = await bridge.request("POST", "/v1/chat/completions", json={**LOSSY, "seed": 1, "stream": True})

    assert streamed.headers["x-tollbridge-dropped"] == "max_completion_tokens, logit_bias, seed"
    assert "x-tollbridge-dropped: max_completion_tokens, logit_bias, seed, top_k" in streamed.text
    assert streamed.text.index(": x-tollbridge-dropped") < streamed.text.index("data: [DONE]")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("bridge", "headers"),
    [({}, {"prefer": "handling=strict"}), ({"upstream": {"strict": True}}, {})],
    indirect=["bridge"],
)
async def test_who_wants_all_or_nothing_is_refused_before_anything_is_asked(
    bridge: GatewayUnderTest, pick: Callable[[], Awaitable[None]], headers: dict[str, str], stream: bool
) -> None:
    await pick()

    refused = await bridge.request("POST", "/v1/chat/completions", json={**LOSSY, "stream": stream}, headers=headers)

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "unsupported_by_target")
    assert refused.json()["error"]["param"] == "max_completion_tokens"


@pytest.mark.parametrize("stream", [False, True])
async def test_field_that_is_refused_is_named_by_the_callers_own_word(
    bridge: GatewayUnderTest, pick: Callable[[], Awaitable[None]], stream: bool
) -> None:
    await pick()

    refused = await bridge.request(
        "POST", "/v1/chat/completions", json={**ASKED, "stream": stream, "response_format": {"type": "json_object"}}
    )

    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "response_format")


class Losing(TalkingService):
    """A release that takes less than it is told."""

    async def respond(self, call: Call, request: Request) -> Said:
        return Said(self._answer(request), dropped=("top_k", "max_output"))


async def test_unknown_cost_is_not_said(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish(status=500)

    answer = await bridge.request("POST", "/v1/chat/completions", json=ASKED)

    assert "x-tollbridge-cost-usd" not in answer.headers


async def test_kind_that_serves_no_model_though_it_says_so_is_refused(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    def silent(gateway: Any, running: Running) -> Any:
        return object()

    await bridge.client()
    bridge.gateway.registry.service_kinds["talking"].serve = silent  # type: ignore[method-assign]
    await publish()

    answer = await bridge.request("POST", "/v1/chat/completions", json=ASKED)

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")


@pytest.mark.parametrize("stream", [False, True])
async def test_caller_who_leaves_ends_the_answer_that_is_being_made(
    bridge: GatewayUnderTest, publish: Publish, stream: bool
) -> None:
    served = await publish()
    assert served is not None
    waiting = Waiting(served)
    (await bridge.gateway.books.current()).entries["parrot"].live._served = waiting  # type: ignore[union-attr]
    token = await bridge.token()
    body = json.dumps({**ASKED, "stream": stream}).encode()
    messages = [{"type": "http.request", "body": body}, None]
    sent: list[Any] = []

    async def receive() -> Any:
        message = messages.pop(0)
        if message is None:
            await waiting.begun.wait()
            return {"type": "http.disconnect"}
        return message

    async def send(message: Any) -> None:
        sent.append(message)

    await bridge.app(scope_of(token, body), receive, send)

    (row,) = await bridge.gateway.store.recent()
    assert sent == []
    assert waiting.cancelled
    assert (row.outcome, row.status) == ("client_gone", 0)


async def test_server_that_ends_a_call_ends_the_answer_that_is_being_made(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    served = await publish()
    assert served is not None
    waiting = Waiting(served, fails=False)
    (await bridge.gateway.books.current()).entries["parrot"].live._served = waiting  # type: ignore[union-attr]

    calling = asyncio.ensure_future(bridge.request("POST", "/v1/chat/completions", json=ASKED))
    await waiting.begun.wait()
    calling.cancel()
    await asyncio.wait({calling})

    assert waiting.cancelled


async def test_stream_of_no_events_and_one_that_says_it_broke_are_refused(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    served = await publish()
    assert served is not None
    for events, code in (([], 500), ([Broken(error=RateLimited("slower"))], 429)):
        saying = Saying(served, events)
        (await bridge.gateway.books.current()).entries["parrot"].live._served = saying  # type: ignore[union-attr]

        answer = await bridge.request("POST", "/v1/chat/completions", json={**ASKED, "stream": True})

        assert answer.status_code == code


class Saying(TalkingService):
    """A release that gives these events, from what cannot be closed."""

    def __init__(self, served: TalkingService, events: list[AnyEvent]) -> None:
        super().__init__(served._kind, served._running)
        self.events = events

    def stream(self, call: Call, request: Request) -> AsyncIterator[AnyEvent]:
        return Listed(self.events)


class Listed:
    """Events one by one."""

    def __init__(self, events: list[AnyEvent]) -> None:
        self._left = list(events)

    def __aiter__(self) -> "Listed":
        return self

    async def __anext__(self) -> AnyEvent:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop(0)


class Waiting(TalkingService):
    """A release that never says anything, and `fails` when it is not waited for any more."""

    def __init__(self, served: TalkingService, *, fails: bool = True) -> None:
        super().__init__(served._kind, served._running)
        self.fails = fails
        self.begun = asyncio.Event()
        self.cancelled = False

    async def _wait(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            if self.fails:
                raise UpstreamError("it was let go") from None
            raise

    async def respond(self, call: Call, request: Request) -> Said:
        await self._wait()
        return Said(self._answer(request))

    async def stream(self, call: Call, request: Request) -> AsyncIterator[AnyEvent]:
        await self._wait()
        yield End()


def scope_of(token: str, body: bytes) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/chat/completions",
        "raw_path": b"/v1/chat/completions",
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"gateway.test"),
            (b"authorization", f"Bearer {token}".encode()),
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
        ],
        "client": ("127.0.0.1", 1),
    }


async def test_call_as_a_model_is_recorded_with_its_release(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()

    await bridge.request("POST", "/v1/chat/completions", json=ASKED)

    live = (await bridge.gateway.books.current()).entries["parrot"].live
    (row,) = await bridge.gateway.store.recent()
    assert live is not None
    assert (row.service, row.operation, row.release) == ("parrot", "service:parrot:speak", live.release.id)
