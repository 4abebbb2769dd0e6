"""Policies and layers of others in a rehearsal: asked as far as they say, and never more."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs
from tests.middleware.explaining.conftest import CONFIG, Brings, NoTools, chat, explained

from tollbridge.call import Call
from tollbridge.errors import Denied
from tollbridge.explaining import Asked, Decided, Explanation
from tollbridge.layers.layer import Layer
from tollbridge.testing import GatewayUnderTest

Make = Callable[..., GatewayUnderTest]
SMALL = Asked(body=chat("small"))
TOOLS = Asked(body=chat("small", tools=[]))


class Counting:
    """A policy that counts, and says nothing of itself."""

    def __init__(self) -> None:
        self.calls = 0

    async def head(self, call: Call) -> None:
        self.calls += 1

    async def body(self, call: Call) -> None:
        raise Denied("never", code="never")


class Quota:
    """A policy that counts, and can say what it would do without counting."""

    def __init__(self) -> None:
        self.left = 1

    async def head(self, call: Call) -> None:
        self.left -= 1

    async def body(self, call: Call) -> None:
        if self.left < 0:
            raise Denied("used up", code="used_up")

    async def explain(self, call: Call) -> str:
        if self.left < 1:
            raise Denied("used up", code="used_up")
        return f"{self.left} left of {call.model}"


class Outward:
    """A policy that has no say on the way in."""

    async def finish(self, call: Call, outcome: object) -> None:
        """Nothing."""


async def told(gw: GatewayUnderTest, asked: Asked = SMALL) -> Explanation:
    await gw.client()
    issued = await gw.gateway.tokens.issue(name="asked")
    return await explained(gw, issued.token.id, asked)


def voices(found: Explanation, layer: str = "policies") -> list[tuple[str, bool | None]]:
    return [(rule.says, rule.holds) for each in found.findings if each.layer == layer for rule in each.rules]


def decided(found: Explanation) -> dict[str, Decided]:
    return {each.layer: each.decided for each in found.findings}


async def test_policy_that_only_looks_is_asked_itself(gateway: Make) -> None:
    gw = gateway(CONFIG, plugins=(NoTools(), Outward()))

    passed, refused = await told(gw), await told(gw, TOOLS)

    assert (passed.crosses, passed.unsure) == (True, ())
    assert voices(passed) == [("notools", True)]
    assert refused.refusal is not None
    assert (refused.refusal.layer, refused.refusal.code) == ("policies", "no_tools")
    assert voices(refused) == [("notools", False)]


async def test_policy_that_does_not_say_is_not_asked_and_named(gateway: Make) -> None:
    counting = Counting()
    gw = gateway(CONFIG, plugins=(counting,))

    found = await told(gw)

    assert counting.calls == 0
    assert found.crosses
    assert found.unsure == ("counting",)
    ((says, holds),) = voices(found)
    assert (says.startswith("counting: it does not say"), holds) == (True, None)


async def test_policy_explains_itself_once_the_body_is_there(gateway: Make) -> None:
    quota = Quota()
    gw = gateway(CONFIG, plugins=(quota,))

    passed = await told(gw)
    reply = await gw.chat("small")
    refused = await told(gw)

    assert reply.status_code == 200
    assert voices(passed) == [("quota: 1 left of small", True)]
    assert refused.refusal is not None
    assert refused.refusal.code == "used_up"
    assert quota.left == 0


@pytest.mark.parametrize("hangs", [False, True])
async def test_policy_whose_explanation_fails_refuses_as_one_that_fails(gateway: Make, hangs: bool) -> None:
    class Broken(Quota):
        async def explain(self, call: Call) -> str:
            if hangs:
                await asyncio.Event().wait()
            raise RuntimeError("tb_secret inside")

    gw = gateway(CONFIG | {"plugins": {"timeout_s": 0.05}}, plugins=(Broken(),))

    found = await told(gw)

    assert found.refusal is not None
    assert (found.refusal.layer, found.refusal.code) == ("policies", "policy_failed")
    assert "tb_secret" not in str(found)


async def test_pure_that_is_not_true_is_not_believed(gateway: Make) -> None:
    class Odd(Counting):
        pure = "yes"

    odd = Odd()

    assert (await told(gateway(CONFIG, plugins=(odd,)))).unsure == ("odd",)
    assert odd.calls == 0


async def test_layer_of_a_plugin_is_asked_as_it_serves(gateway: Make) -> None:
    class Closed(Layer):
        name = "closed"
        after = "authorize"
        pure: ClassVar[bool] = True

        def __init__(self, app: Any, **options: Any) -> None:
            super().__init__(app, **options)
            self.shut = False

        def head(self, call: Call) -> None:
            if self.shut:
                raise Denied("closed", code="closed")

    gw = gateway(CONFIG, plugins=(Brings(Closed),))
    before = await told(gw)
    (layer,) = (each for each in gw.gateway.chain.plan.layers if isinstance(each, Closed))
    layer.shut = True

    after = await told(gw)

    assert before.crosses
    assert after.refusal is not None
    assert (after.refusal.layer, after.refusal.code) == ("closed", "closed")
    assert [(each.layer, each.origin) for each in after.findings if each.layer == "closed"] == [("closed", "plugin")]
    assert decided(after)["limit"] is Decided.NOT_REACHED
    assert voices(after, "closed") == [("closed", False)]


async def test_layer_of_a_plugin_that_does_not_say_is_passed_over(gateway: Make) -> None:
    class Silent(Layer):
        name = "silent"
        after = "authorize"

        def head(self, call: Call) -> None:
            raise AssertionError("it was asked")

    class Quiet(Layer):
        name = "quiet"
        after = "authorize"

    found = await told(gateway(CONFIG, plugins=(Brings(Silent, Quiet),)))

    assert (found.crosses, found.unsure) == (True, ("silent",))
    assert (decided(found)["silent"], decided(found)["quiet"]) == (Decided.NOT_ASKED, Decided.PASSES)
    assert voices(found, "quiet") == []


async def test_layer_of_a_plugin_explains_itself(gateway: Make) -> None:
    class Says(Layer):
        name = "says"
        after = "authorize"

        def head(self, call: Call) -> None:
            raise AssertionError("it was asked")

        async def explain(self, call: Call) -> None:
            """Let everybody pass."""

    found = await told(gateway(CONFIG, plugins=(Brings(Says),)))

    assert found.crosses
    assert voices(found, "says") == [("says", True)]


async def test_fault_of_a_layer_is_told_as_the_call_would_meet_it_and_logged(gateway: Make) -> None:
    class Faulty(Layer):
        name = "faulty"
        after = "authorize"
        pure: ClassVar[bool] = True

        async def body(self, call: Call) -> None:
            raise RuntimeError("tb_secret inside")

    gw = gateway(CONFIG, plugins=(Brings(Faulty),))
    await gw.client()
    with capture_logs() as logged:
        found = await told(gw)
    reply = await gw.chat("small")

    assert found.refusal is not None
    assert (found.refusal.layer, found.refusal.code, found.refusal.change) == ("faulty", "internal_error", "")
    assert reply.json()["error"]["code"] == "internal_error"
    assert "tb_secret" not in str(found)
    assert [line["event"] for line in logged] == ["phase_failed"]


async def test_target_that_cannot_be_told_is_passed_over_for_the_next(gateway: Make) -> None:
    gw = gateway(CONFIG | {"upstream": {"strict": True}})
    biased = {"logit_bias": {"1": 2}}

    alone = await told(gw, Asked(body=chat("claude", **biased)))
    first = await told(gw, Asked(body=chat("two", **biased)))
    second = await told(gw, Asked(body=chat("turned", **biased)))

    assert alone.refusal is not None
    assert (alone.refusal.layer, alone.refusal.code) == ("dispatch", "unsupported_by_target")
    assert (first.crosses, second.crosses) == (True, True)


async def test_answer_that_is_kept_is_told_as_given(gateway: Make) -> None:
    provider = {"base_urls": {"openai-responses": "https://plain.example/v1"}, "api_key": "env:MOCK_KEY"}
    gw = gateway(
        {
            "providers": {"plain": {**provider, "dialect": "openai-responses"}},
            "models": {"plain": {"targets": ["plain/p"]}},
            "answers": {"keep": True},
        }
    )
    await gw.client()
    issued = await gw.gateway.tokens.issue(name="asked")
    gw.upstream.reply({"id": "resp_1", "object": "response", "status": "completed", "output": [], "model": "p"})
    sent = await gw.request("POST", "/v1/responses", token=issued.secret, json={"model": "plain", "input": "Hello"})

    found = await explained(gw, issued.token.id, Asked(method="GET", path=f"/v1/responses/{sent.json()['id']}"))

    assert found.crosses
    assert [rule.kind for each in found.findings if each.layer == "recall" for rule in each.rules] == ["kept"]


async def test_tokens_that_nobody_counts_but_the_bridge_reach_no_target(gateway: Make) -> None:
    found = await told(gateway(CONFIG), Asked(path="/v1/messages/count_tokens", body=chat("small", max_tokens=1)))

    assert found.crosses


async def test_list_of_models_and_one_of_them_are_explained(gateway: Make) -> None:
    gw = gateway(CONFIG)

    every, one, none = [
        await told(gw, Asked(method="GET", path=f"/v1/models{more}")) for more in ("", "/small", "/nobody")
    ]

    assert (every.crosses, one.crosses) == (True, True)
    assert none.refusal is not None
    assert (none.refusal.layer, none.refusal.code) == ("dispatch", "model_not_found")


async def test_files_go_to_the_provider_that_keeps_them(gateway: Make) -> None:
    gw = gateway(CONFIG | {"upstream": {"files_provider": "mock"}})

    found = await told(gw, Asked(method="GET", path="/v1/files"))

    assert found.crosses
    assert [rule.says for each in found.findings if each.layer == "dispatch" for rule in each.rules] == [
        "mock/ is asked first"
    ]
