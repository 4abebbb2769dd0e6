"""Rules of the operator and of third parties: five phases, and closed when in doubt."""

import asyncio

import pytest
from structlog.testing import capture_logs

from tollbridge.errors import Denied, PluginError
from tollbridge.layers.policies import Policies, check_policies, check_policy


def raising(phase: str, error: Exception):
    if phase == "feed":

        def sync(self, call, chunk):
            raise error

        return type("Broken", (), {"feed": sync})()
    if phase in ("head", "body"):

        async def one(self, call):
            raise error

        return type("Broken", (), {phase: one})()

    async def two(self, call, more):
        raise error

    return type("Broken", (), {phase: two})()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("phase", ["head", "body", "response_head", "feed"])
async def test_policy_that_raises_never_lets_a_call_across(mock, phase, stream) -> None:
    gw = mock(plugins=(raising(phase, RuntimeError("tb_secret inside")),))

    reply = await gw.chat("gpt-4o-mini", stream=stream)

    assert reply.status_code == 503
    assert reply.json()["error"]["code"] == "policy_failed"
    assert "tb_secret" not in reply.text


@pytest.mark.parametrize("phase", ["head", "body", "response_head", "feed"])
async def test_policy_refuses_with_its_own_code_in_the_callers_dialect(mock, phase) -> None:
    gw = mock(plugins=(raising(phase, Denied("not on Mondays", code="mondays")),))

    reply = await gw.chat("gpt-4o-mini")

    assert reply.status_code == 403
    assert reply.json()["error"]["message"] == "not on Mondays"
    assert reply.json()["error"]["code"] == "mondays"


@pytest.mark.parametrize("phase", ["head", "body", "response_head"])
async def test_policy_that_hangs_is_given_up_and_the_call_refused(mock, phase) -> None:
    async def one(self, call):
        await asyncio.Event().wait()

    async def two(self, call, head):
        await asyncio.Event().wait()

    hung = type("Hung", (), {phase: two if phase == "response_head" else one})()
    gw = mock(plugins=(hung,), **{"plugins_section": {"timeout_s": 0.01}})

    reply = await gw.chat("gpt-4o-mini")

    assert reply.status_code == 503
    assert reply.json()["error"]["code"] == "policy_failed"


@pytest.mark.parametrize("error", [RuntimeError("late"), Denied("too late")])
async def test_failing_finish_is_logged_as_an_error_and_counted_by_the_policys_name(mock, error) -> None:
    gw = mock(plugins=(raising("finish", error),))

    with capture_logs() as logged:
        for _ in range(2):
            assert (await gw.chat("gpt-4o-mini")).status_code == 200

    told = [entry for entry in logged if entry["event"] == "policy_failed_after_the_call"]
    assert [(entry["log_level"], entry["policy"]) for entry in told] == [("error", "broken")] * 2
    assert str(error) in told[0]["detail"]
    text, _ = gw.gateway.metrics.render("text/plain")
    assert b'tollbridge_policy_failures_total{policy="broken"} 2.0' in text


async def test_policy_that_fails_after_the_call_needs_nobody_to_tell() -> None:
    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def call(message=None):
        return {"type": "http.request", "body": b"", "more_body": False}

    policies = Policies(app, policies=[("late", raising("finish", RuntimeError("late")))])
    with capture_logs() as logged:
        await policies({"type": "http", "method": "GET", "path": "/", "headers": []}, call, call)

    assert [entry["policy"] for entry in logged] == ["late"]


async def test_failing_finish_changes_nothing_for_the_caller_nor_for_the_ledger(mock) -> None:
    gw = mock(plugins=(raising("finish", RuntimeError("late")),))

    assert (await gw.chat("gpt-4o-mini")).status_code == 200
    assert (await gw.gateway.store.recent())[0].cost == 450_000


@pytest.mark.parametrize("phase", ["head", "body"])
@pytest.mark.parametrize("key", ["type", "method", "path", "raw_path", "query_string", "root_path", "tollbridge"])
async def test_policy_that_changes_the_scope_is_refused_and_the_app_is_not_reached(mock, phase, key) -> None:
    async def change(self, call) -> None:
        call.native[key] = "another"

    async def app(scope, receive, send) -> None:
        raise AssertionError("the app was reached")

    gw = mock(plugins=(type("Changing", (), {phase: change})(),), app=app)

    reply = await gw.request("GET", "/x")

    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "policy_failed")


async def test_policy_that_empties_the_scope_is_refused_and_the_server_can_still_answer(mock) -> None:
    class Emptying:
        async def head(self, call) -> None:
            call.native.clear()

    gw = mock(plugins=(Emptying(),))

    assert (await gw.chat("gpt-4o-mini")).json()["error"]["code"] == "policy_failed"
    assert not gw.sent


async def test_policy_may_leave_things_in_the_state_of_the_scope(mock) -> None:
    class Noting:
        async def head(self, call) -> None:
            call.native["state"]["noted"] = True

    assert (await mock(plugins=(Noting(),)).chat("gpt-4o-mini")).status_code == 200


def test_policy_given_twice_is_refused_and_two_of_a_kind_are_not() -> None:
    one, other = SyncNothing(), SyncNothing()

    check_policies([("mine", one), ("mine", other)])
    with pytest.raises(PluginError, match="the policy 'again' is given twice"):
        check_policies([("mine", one), ("other", other), ("again", one)])


async def test_call_cancelled_while_a_policy_finishes_is_finished_whole_and_settled_once(mock) -> None:
    begun, go = asyncio.Event(), asyncio.Event()
    notes: list[str] = []

    class First:
        async def finish(self, call, outcome) -> None:
            notes.append(f"first {outcome.value}")

    class Last:
        async def finish(self, call, outcome) -> None:
            begun.set()
            await go.wait()
            notes.append(f"last {outcome.value}")

    gw = mock(plugins=(First(), Last()))
    running = asyncio.create_task(gw.chat("gpt-4o-mini"))
    await begun.wait()

    running.cancel()
    await asyncio.wait([running])
    go.set()
    await gw.gateway.chain.plan.settled()

    assert running.cancelled()
    assert notes == ["last complete", "first complete"]
    assert [(row.outcome, row.cost) for row in await gw.gateway.store.recent()] == [("complete", 450_000)]


async def test_gateway_that_stops_while_a_policy_finishes_settles_the_call_first(mock) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    class Slow:
        async def finish(self, call, outcome) -> None:
            begun.set()
            await go.wait()

    gw = mock(plugins=(Slow(),))
    running = asyncio.create_task(gw.chat("gpt-4o-mini"))
    await begun.wait()
    running.cancel()
    stopping = asyncio.create_task(gw.gateway.stop())
    await asyncio.wait([running])
    go.set()
    await stopping

    await gw.gateway.start()
    assert [row.cost for row in await gw.gateway.store.recent()] == [450_000]


async def test_policies_run_in_order_and_change_what_they_see(mock) -> None:
    notes = []

    def policy(name: str):
        class Noting:
            async def head(self, call) -> None:
                notes.append(f"{name} head")

            async def body(self, call) -> None:
                notes.append(f"{name} body {call.model} {len(call.body)}")

            async def response_head(self, call, head) -> None:
                head.set(b"x-policy", name.encode())

            def feed(self, call, chunk):
                return [chunk.replace(b"Hello", name.encode() + b" Hello")] if chunk else []

            async def finish(self, call, outcome) -> None:
                notes.append(f"{name} {outcome.value}")

        return Noting()

    gw = mock(plugins=(policy("a"), policy("b")))

    reply = await gw.chat("gpt-4o-mini")

    assert notes == ["a head", "b head", "a body gpt-4o-mini 70", "b body gpt-4o-mini 70", "b complete", "a complete"]
    assert reply.headers["x-policy"] == "a"
    assert "b a Hello" in reply.text or "a b Hello" in reply.text
    assert int(reply.headers["content-length"]) == len(reply.content)


async def test_policy_sees_the_answers_of_the_wrapped_app_too(mock) -> None:
    class Mask:
        def feed(self, call, chunk):
            return [chunk.replace(b"secret", b"******")] if chunk else []

    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        await send({"type": "http.response.body", "body": b"a secret!"})

    reply = await mock(plugins=(Mask(),), app=app).request("GET", "/x")

    assert reply.text == "a ******!"


class SyncNothing:
    def feed(self, call, chunk) -> list[bytes]:
        return [chunk]


class NoPhase:
    pass


class SyncHead:
    def head(self, call) -> None: ...


class AsyncFeed:
    async def feed(self, call, chunk) -> list[bytes]:
        return []


class ShortFinish:
    async def finish(self, call) -> None: ...


class NotCallable:
    head = 3


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        (NoPhase(), "none of the phases"),
        (SyncHead(), "head must be async def"),
        (AsyncFeed(), "feed must be a plain function"),
        (ShortFinish(), "finish takes 2 arguments"),
        (NotCallable(), "head must be async def"),
    ],
)
def test_policy_of_the_wrong_shape_is_refused_at_start_by_name(policy, problem) -> None:
    with pytest.raises(PluginError, match=rf"'mine'.*{problem}"):
        check_policy("mine", policy)


def test_explanation_of_the_wrong_shape_is_refused() -> None:
    class Passes:
        async def head(self, call) -> None:
            """Nothing."""

    class Plain(Passes):
        def explain(self, call) -> str:
            return ""

    class Bare(Passes):
        async def explain(self) -> str:
            return ""

    class Whole(Passes):
        async def explain(self, call) -> str:
            return ""

    for policy in (Plain(), Bare()):
        with pytest.raises(PluginError, match=r"'mine': explain must be async def, and takes 1 argument after self"):
            check_policy("mine", policy)
    check_policy("mine", Whole())
