"""Policies that services and plans bring along."""

import asyncio
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from shutil import copytree
from typing import Any, ClassVar

import msgspec
import pytest
from structlog.testing import capture_logs
from tests.support.answering import Answering, Talking

from tollbridge import BadRequest, Call, Denied, ResponseHead, hookimpl
from tollbridge.call import Outcome, open_call
from tollbridge.errors import InternalError
from tollbridge.policing import Policing, cross_entered
from tollbridge.services.model import Access, Approval, Design, Service, ServiceChange
from tollbridge.services.subscribing import Plan, PlanChange
from tollbridge.testing import NOON, FixedClock, GatewayUnderTest
from tollbridge.trying import Attempt, try_out

SEEN: list[str] = []
CHAT = {"model": "api/weather", "messages": [{"role": "user", "content": "rain?"}]}


@dataclass(frozen=True, slots=True)
class Mark:
    """Notes each phase, and leaves its mark on answers."""

    for_services: ClassVar[bool] = True
    mark: str
    closes: time | None = None
    refuses: str = ""
    since: date = date(2026, 1, 1)

    def __post_init__(self) -> None:
        if self.mark == "bad":
            raise ValueError("this mark is bad")

    async def head(self, call: Call) -> None:
        SEEN.append(f"{self.mark} head {call.operation.path if call.operation else '-'}")
        if self.refuses == "head":
            raise Denied("not now", code="closed")

    async def body(self, call: Call) -> None:
        SEEN.append(f"{self.mark} body {call.body is not None}")
        if self.refuses == "body":
            raise RuntimeError("secret words")

    async def response_head(self, call: Call, head: ResponseHead) -> None:
        head.set(b"x-mark", self.mark.encode())

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        return [chunk.replace(b"rain", self.mark.encode())] if chunk else []

    async def finish(self, call: Call, outcome: Outcome) -> None:
        SEEN.append(f"{self.mark} finish {outcome.value}")


@dataclass(frozen=True, slots=True)
class Private:
    """A policy of the operator alone."""

    async def head(self, call: Call) -> None:
        raise AssertionError


@dataclass(frozen=True, slots=True)
class Idle:
    """A policy of no phase."""

    for_services: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A policy whose options nobody can read."""

    for_services: ClassVar[bool] = True
    way: "Elsewhere"  # type: ignore[name-defined]  # noqa: F821


OFFERED = {"mark": Mark, "private": Private, "idle": Idle, "unreadable": Unreadable}


class Offering:
    """Offers them."""

    @hookimpl
    def register_policies(self, register: Any) -> None:
        for name, policy in OFFERED.items():
            register(name, policy)


@pytest.fixture
def bridge(gateway: Any) -> GatewayUnderTest:
    SEEN.clear()
    return gateway({}, plugins=(Answering(), Talking(), Offering()))


async def published(bridge: GatewayUnderTest, kind: str = "answering", **design: Any) -> Service:
    await bridge.client()
    services = bridge.gateway.services
    fields = {"name": "Weather", "access": Access.SCOPE, "definition": {"text": "rain"}, **design}
    service = await services.add("weather", kind, team="blue", draft=Design(**fields))
    await services.release(service.id, version="1")
    await services.publish(service.id, 1)
    return service


async def subscribed(bridge: GatewayUnderTest, **policies: Any) -> str:
    """Let an application subscribe under the plan `gold` with these policies; gives the secret of its token."""
    gateway = bridge.gateway
    await gateway.subscriptions.add_plan(Plan(name="gold", policies=policies, created_at=bridge.clock.now()))
    await gateway.people.teams.add("red")
    application = await gateway.applications.add("shop", team="red", scopes=("ai:chat",))
    issued = await gateway.applications.issue(application.id, name="own")
    assert issued is not None
    await gateway.subscriptions.ask(application.id, "weather", plan="gold")
    return str(issued.secret)


OPEN = {"access": Access.SUBSCRIPTION, "approval": Approval.AUTO, "plans": ("gold",)}


async def test_policy_of_a_service_sees_its_calls_and_changes_its_answers(bridge: GatewayUnderTest) -> None:
    await published(bridge, policies={"mark": {"mark": "snow"}})

    reply = await bridge.request("POST", "/v1/apis/weather")

    assert (reply.status_code, reply.json()["text"], reply.headers["x-mark"]) == (200, "snow", "snow")
    assert SEEN == ["snow head say", "snow body False", "snow finish complete"]


async def test_calls_of_other_services_are_not_judged(bridge: GatewayUnderTest) -> None:
    await published(bridge)

    reply = await bridge.request("POST", "/v1/apis/weather")

    assert (reply.json()["text"], "x-mark" in reply.headers, SEEN) == ("rain", False, [])


async def test_service_that_is_called_as_a_model_is_judged_too(bridge: GatewayUnderTest) -> None:
    await published(bridge, "talking", policies={"mark": {"mark": "snow"}})
    token = await bridge.token("ai:*", "model:*", "service:*")

    whole = await bridge.request("POST", "/v1/chat/completions", token=token, json=CHAT)
    streamed = await bridge.request("POST", "/v1/chat/completions", token=token, json={**CHAT, "stream": True})

    assert whole.json()["choices"][0]["message"]["content"] == "snow: snow?"
    assert "snow" in streamed.text
    assert "rain" not in streamed.text
    assert SEEN[:3] == ["snow head speak", "snow body True", "snow finish complete"]


async def test_refusal_of_a_policy_is_told_as_the_service_tells_it(bridge: GatewayUnderTest) -> None:
    await published(bridge, policies={"mark": {"mark": "snow", "refuses": "head"}})

    reply = await bridge.request("POST", "/v1/apis/weather")

    assert (reply.status_code, reply.headers["content-type"]) == (403, "application/problem+json")
    assert (reply.json()["code"], reply.json()["detail"]) == ("closed", "not now")
    assert SEEN[-1] == "snow finish refused"


async def test_refusal_of_a_model_call_is_in_the_dialect_of_its_caller(bridge: GatewayUnderTest) -> None:
    await published(bridge, "talking", policies={"mark": {"mark": "snow", "refuses": "head"}})
    token = await bridge.token("ai:*", "model:*", "service:*")

    reply = await bridge.request("POST", "/v1/chat/completions", token=token, json=CHAT)

    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "closed")


async def test_policy_that_fails_refuses_and_its_words_are_kept(bridge: GatewayUnderTest) -> None:
    await published(bridge, policies={"mark": {"mark": "snow", "refuses": "body"}})

    reply = await bridge.request("POST", "/v1/apis/weather")

    assert (reply.status_code, reply.json()["code"]) == (503, "policy_failed")
    assert "secret words" not in reply.text


async def test_bytes_and_calls_are_counted_once(bridge: GatewayUnderTest) -> None:
    plain = await published(bridge)
    with capture_logs() as logs:
        reply = await bridge.request("POST", "/v1/apis/weather", content=b"12345")
    draft = Design(
        name="Weather", access=Access.SCOPE, policies={"mark": {"mark": "snow"}}, definition={"text": "rain"}
    )
    await bridge.gateway.services.change(plain.id, ServiceChange(draft=draft))
    await bridge.gateway.services.release(plain.id, version="1b")
    await bridge.gateway.services.publish(plain.id, 2)
    with capture_logs() as others:
        other = await bridge.request("POST", "/v1/apis/weather", content=b"12345")

    assert len(reply.content) + 1 == len(other.content)
    for seen, body in ((logs, reply.content), (others, other.content)):
        (served,) = [line for line in seen if line["event"] == "request_served"]
        assert (served["bytes_out"], served["bytes_in"], served["outcome"]) == (len(body), 0, "complete")


async def test_policies_of_a_plan_are_run_inside_those_of_the_service(bridge: GatewayUnderTest) -> None:
    await published(bridge, policies={"mark": {"mark": "snow"}}, **OPEN)
    token = await subscribed(bridge, mark={"mark": "ice"})

    reply = await bridge.request("POST", "/v1/apis/weather", token=token)

    assert (reply.json()["text"], reply.headers["x-mark"]) == ("ice", "snow")
    assert [seen.split()[0] for seen in SEEN] == ["snow", "ice", "snow", "ice", "ice", "snow"]


async def test_plan_whose_policies_change_is_heard_by_the_next_call(bridge: GatewayUnderTest) -> None:
    await published(bridge, **OPEN)
    token = await subscribed(bridge)
    assert (await bridge.request("POST", "/v1/apis/weather", token=token)).json()["text"] == "rain"

    for mark in ("ice", "fog"):
        change = PlanChange(policies={"mark": {"mark": mark}})
        await bridge.gateway.subscriptions.change_plan("gold", change)
        assert (await bridge.request("POST", "/v1/apis/weather", token=token)).json()["text"] == mark


async def test_team_of_the_service_calls_under_no_plan(bridge: GatewayUnderTest) -> None:
    await published(bridge, **OPEN)
    await subscribed(bridge, mark={"mark": "ice"})
    token = await bridge.token("service:*", team="blue")

    assert (await bridge.request("POST", "/v1/apis/weather", token=token)).json()["text"] == "rain"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"private": {}}, "no installed plugin offers a policy 'private' for services; known: idle, mark, masking"),
        ({"marc": {}}, "no installed plugin offers a policy 'marc' for services; did you mean 'mark'?"),
        ({"mark": {}}, "policies.mark: the option 'mark' is missing"),
        ({"mark": {"mark": "a", "hue": 1}}, "policies.mark: unknown option 'hue'"),
        ({"mark": {"mark": "bad"}}, "policies.mark: this mark is bad"),
        ({"mark": {"mark": "a", "closes": "noon"}}, "policies.mark.closes must be a time"),
        ({"mark": {"mark": "a", "since": 7}}, "policies.mark.since must be a date, not 7"),
        ({"idle": {}}, "the policy 'idle' has none of the phases"),
        ({"unreadable": {"way": "a"}}, "policies.unreadable: the types of its options cannot be read"),
    ],
)
async def test_policy_that_cannot_be_run_keeps_a_service_from_being_published_and_a_plan_from_being_made(
    bridge: GatewayUnderTest, named: dict[str, Any], said: str
) -> None:
    await bridge.client()
    gateway = bridge.gateway
    draft = Design(name="Weather", policies=named, definition={"text": "rain"})
    (name,) = named

    (problem,) = await gateway.services.problems("answering", draft)
    with pytest.raises(BadRequest) as refused:
        await gateway.subscriptions.add_plan(Plan(name="gold", policies=named, created_at=bridge.clock.now()))

    assert (problem.field, problem.warning) == (f"policies/{name}", False)
    assert problem.message.startswith(said)
    assert (refused.value.message, refused.value.param) == (problem.message, f"policies.{name}")


async def test_options_without_a_type_in_json_are_read_from_text(bridge: GatewayUnderTest) -> None:
    made = bridge.gateway.policing.make({"mark": {"mark": "a", "closes": "18:00:00", "since": "2026-02-03"}})

    assert made == (("mark", Mark("a", time(18), "", date(2026, 2, 3))),)


@pytest.mark.parametrize(
    "policies",
    [
        {f"p{number}": {} for number in range(11)},
        {"": {}},
        {"p" * 64: {}},
        {"mark": {"mark": "x" * 20_000}},
    ],
)
async def test_too_much_is_not_stored(bridge: GatewayUnderTest, policies: dict[str, Any]) -> None:
    await bridge.client()

    with pytest.raises(BadRequest) as refused:
        await bridge.gateway.services.add("weather", "answering", draft=Design(policies=policies))

    assert refused.value.param == "draft/policies"


async def test_plan_takes_what_can_be_stored_alone(bridge: GatewayUnderTest) -> None:
    await bridge.client()
    long = {"mark": {"mark": "x" * 20_000}}

    with pytest.raises(BadRequest) as refused:
        await bridge.gateway.subscriptions.add_plan(Plan(name="gold", policies=long, created_at=bridge.clock.now()))

    assert (refused.value.param, "at most 20000 bytes" in refused.value.message) == ("policies", True)


async def test_service_and_plan_whose_policy_is_gone_refuse_calls(
    bridge: GatewayUnderTest, gateway: Any, tmp_path: Path
) -> None:
    await published(bridge, **OPEN)
    token = await subscribed(bridge, mark={"mark": "ice"})
    await bridge.close()
    copytree(tmp_path / "data-0", tmp_path / "data-1")
    other = gateway({}, plugins=(Answering(), Talking()))

    reply = await other.request("POST", "/v1/apis/weather", token=token)

    assert (reply.status_code, reply.json()["code"]) == (503, "policy_failed")
    assert "mark" not in reply.text


async def test_policies_of_a_draft_are_run_where_it_is_tried(bridge: GatewayUnderTest) -> None:
    await bridge.client()
    draft = Design(name="Weather", policies={"mark": {"mark": "snow"}}, definition={"text": "rain"})
    service = await bridge.gateway.services.add("weather", "answering", draft=draft)
    await bridge.gateway.services.release(service.id, version="1")
    issued = await bridge.gateway.tokens.issue(name="own", scopes=("service:*",))
    holder = await bridge.gateway.store.find_holder(issued.token.id)
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b"", "state": {}}

    for number in (None, 1):
        call = open_for(scope, bridge, holder)
        tried = await try_out(bridge.gateway, service.id, number, Attempt(), call, giver=None)

        assert tried is not None
        assert (msgspec.json.decode(tried.body)["text"], tried.headers["x-mark"]) == ("snow", "snow")


def open_for(scope: dict[str, Any], bridge: GatewayUnderTest, holder: Any) -> Call:
    call = open_call(scope, bridge.clock)
    call.principal = holder
    return call


async def test_few_plans_of_many_are_kept_ready(bridge: GatewayUnderTest) -> None:
    await published(bridge, policies={"mark": {"mark": "snow"}})
    live = (await bridge.gateway.books.current()).entries["weather"].live
    assert live is not None

    def run(mark: str) -> list[Any]:
        guarded = live.guarded(msgspec.json.encode({"mark": {"mark": mark}}).decode())
        assert guarded is not None
        return [policy for _, policy in guarded.policies]

    service, plan = run("a")
    for number in range(200):
        run(str(number))

    assert len(live._guarded) <= 100
    again, other = run("a")
    assert (again is service, other is plan) == (True, True)
    for number in range(1_000):
        run(str(number))
    assert len(bridge.gateway.policing._plans) <= 1_000


async def test_nothing_but_a_call_of_a_service_gets_behind_them() -> None:
    class NoCall:
        entered = None

    async def never(*_: Any) -> Any:
        await asyncio.Event().wait()

    with pytest.raises(InternalError):
        await cross_entered({"tollbridge": NoCall}, never, never)


def test_problem_of_each_policy_is_told() -> None:
    policing = Policing(OFFERED, timeout_s=1, failed=SEEN.append, clock=FixedClock(NOON))

    found = policing.problems({"mark": {"mark": "a"}, "private": {}, "idle": {}})

    assert [name for name, _ in found] == ["private", "idle"]
