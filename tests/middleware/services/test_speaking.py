from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.support.answering import Answering, Talking, TalkingService

from tollbridge.errors import RateLimited, UpstreamError
from tollbridge.services.kinds import Running
from tollbridge.services.model import Access, Approval, Design
from tollbridge.testing import GatewayUnderTest

Publish = Callable[..., Awaitable[TalkingService | None]]
ASKED = {"model": "api/parrot", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def bridge(gateway: Any) -> GatewayUnderTest:
    return gateway({}, plugins=(Talking(), Answering()))


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
        return live.served if isinstance(live.served, TalkingService) else None

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


async def test_version_is_asked_for_in_the_name(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()

    there = await bridge.request("POST", "/v1/chat/completions", json={**ASKED, "model": "api/parrot@1"})
    gone = await bridge.request("POST", "/v1/chat/completions", json={**ASKED, "model": "api/parrot@2"})

    assert there.status_code == 200
    assert gone.json()["error"]["message"] == "the service 'parrot' serves no version '2'; it serves 1"


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
    assert TalkingService.ended == before + 1


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
