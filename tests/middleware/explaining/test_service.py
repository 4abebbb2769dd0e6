"""Who would call, what is told to whom, and that nothing is left behind."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from math import inf
from typing import Any, ClassVar

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from structlog.testing import capture_logs
from tests.middleware.explaining.conftest import CONFIG, Watched, chat, explained, made
from tests.support.answering import Answering

from tollbridge import Call, Denied, hookimpl
from tollbridge.administering import TokenChange
from tollbridge.errors import BadRequest, RateLimited
from tollbridge.explaining import Asked, Decided, Explaining, Explanation, Rule, Subject, asked_of
from tollbridge.explaining.service import ASSUMED, EACH_WORKER, NOT_SERVING, READING
from tollbridge.explaining.standins import Looking
from tollbridge.limits.limiter import Demand, Lease, Rate
from tollbridge.metering.ledger import BudgetLine, Reservation
from tollbridge.money import show_usd, to_nano
from tollbridge.services.model import Access, Approval, Design
from tollbridge.services.subscribing import CallQuota, Plan
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.model import Principal, Token, TokenBudget, TokenLimits
from tollbridge.tokens.scopes import ScopeSet

Make = Callable[..., GatewayUnderTest]
CENT = 10_000_000


def rules(told: Explanation, layer: str, kind: str) -> list[Rule]:
    return [rule for each in told.findings if each.layer == layer for rule in each.rules if rule.kind == kind]


def failing(told: Explanation) -> list[Rule]:
    return [rule for each in told.findings for rule in each.rules if rule.holds is False]


async def issued(gw: GatewayUnderTest, *scopes: str, **options: Any) -> tuple[str, str]:
    await gw.client()
    found = await gw.gateway.tokens.issue(name="asked", scopes=scopes or ("ai:*", "model:*"), **options)
    return found.token.id, found.secret


async def test_explaining_leaves_nothing_behind(gateway: Make) -> None:
    watched = Watched()
    gw = gateway(CONFIG | {"budgets": {"daily_usd": "5"}}, plugins=(watched,))
    limits, budget = TokenLimits(5, 50_000, 2), TokenBudget(100 * CENT)
    id, _ = await issued(gw, limits=limits, budget=budget)
    bait, _ = await issued(gw, canary=True)
    store, limiter = gw.gateway.store, gw.gateway.limiter
    records = len(await store.follow_audit())

    with capture_logs() as logged:
        for token in (id, bait, "tok_none"):
            for asked in (asked_of("small"), asked_of("nobody"), Asked(method="GET", path="/v1/models")):
                await explained(gw, token, asked)

    assert logged == []
    assert watched.calls == gw.sent == []
    assert limiter.size == 0  # type: ignore[attr-defined]
    assert await store.recent() == []
    assert await store.budget_standings(["bridge:2026-01-05", f"token:{id}:2026-01"]) == {}
    assert len(await store.follow_audit()) == records
    await store._open.upkeep.tidy()  # type: ignore[attr-defined]  # it writes the notes of use
    for token in (id, bait):
        found = await store.get_token(token)
        assert found is not None
        assert found.last_used_at is None
    metrics = gw.gateway.metrics.render("")[0].decode()
    assert "tollbridge_canary_token_uses_total 1" not in metrics
    assert "\ntollbridge_inflight 0.0\n" in metrics


async def test_explanation_does_not_slow_down_who_shows_bad_secrets(gateway: Make) -> None:
    gw = gateway(CONFIG | {"throttle": {"bad_tokens": 2}})
    await gw.client()

    codes = [(await explained(gw, "tok_none", Asked(client="192.0.2.1"))).refusal for _ in range(5)]

    assert {refusal.code for refusal in codes if refusal} == {"invalid_api_key"}


async def test_secret_that_ended_is_told_by_its_token(gateway: Make) -> None:
    gw = gateway(CONFIG)
    id, secret = await issued(gw, rotate_days=1)
    gw.clock.advance(2 * 86_400)

    told = await explained(gw, id, asked_of("small"))
    reply = await made(gw, secret, asked_of("small"))

    assert (told.crosses, reply.status_code) == (False, 401)
    assert told.refusal is not None
    assert (told.refusal.layer, told.refusal.code) == ("authenticate", "invalid_api_key")
    assert told.refusal.change == f"{id}: rotate it for a new one"


@pytest.mark.parametrize(
    ("end", "change"),
    [
        ("revoke", "make another: this one has ended for good"),
        ("disable", "enable it"),
        ("expire", "give it a later end"),
    ],
)
async def test_end_of_a_token_is_told_with_whoever_ended_with_it(gateway: Make, end: str, change: str) -> None:
    gw = gateway(CONFIG)
    above, _ = await issued(gw, expires_at=gw.clock.now() + timedelta(hours=1))
    minter = await gw.gateway.store.find_holder(above)
    id, _ = await issued(gw, minter=minter)
    if end == "expire":
        gw.clock.advance(3600)
    else:
        await getattr(gw.gateway.tokens, end)(above)

    told = await explained(gw, id, asked_of("small"))

    assert told.refusal is not None
    assert told.refusal.change == f"{id}: {change}; {above}: {change}"


async def test_secret_leads_to_its_token_and_an_unknown_one_to_nobody(gateway: Make) -> None:
    gw = gateway(CONFIG)
    id, secret = await issued(gw)
    explaining = Explaining(gw.gateway)

    known, unknown = await explaining.shown(secret), await explaining.shown("tb_nobody's")
    told = await explaining.explain(unknown, asked_of("small"))

    assert (known.id, known.principal is not None) == (id, True)
    assert (unknown.id, unknown.principal) == ("", None)
    assert told.refusal is not None
    assert (told.refusal.code, told.refusal.change) == ("invalid_api_key", "use a token of this bridge")


async def test_caller_whom_an_outside_issuer_vouches_for_may_ask_about_itself(gateway: Make) -> None:
    gw = gateway(CONFIG)
    await gw.client()
    caller = Principal(id="https://issuer.example|ada", name="ada", scopes=ScopeSet(("ai:*", "model:*")))

    told = await Explaining(gw.gateway).explain(Subject(caller.id, caller), asked_of("small"))

    assert told.crosses
    assert failing(told) == []
    assert [rule.says for rule in rules(told, "authenticate", "token")] == [
        "it is no token of this bridge: an outside issuer vouches for it"
    ]


async def test_scope_is_told_with_whoever_lacks_it(gateway: Make) -> None:
    gw = gateway(CONFIG)
    above, _ = await issued(gw, "ai:*", "model:*")
    id, _ = await issued(gw, "ai:*", "model:*", minter=await gw.gateway.store.find_holder(above))
    await gw.gateway.tokens.change(above, TokenChange(scopes=("ai:chat", "model:two")))

    told = await explained(gw, id, asked_of("small"))

    assert [(rule.of, rule.values["needed"], rule.values["granted"]) for rule in rules(told, "authorize", "scope")] == [
        (id, "ai:chat", "ai:*"),
        (above, "ai:chat", "ai:chat"),
        (id, "model:small", "model:*"),
        (above, "model:small", None),
    ]
    assert told.refusal is not None
    assert told.refusal.change == f"{above}: give it the scope model:small"


async def test_conditions_are_told_one_by_one(gateway: Make) -> None:
    gw = gateway(CONFIG)
    id, _ = await issued(gw, conditions=Conditions(("10.0.0.0/8",), "mon-fri 08:00-18:00 UTC"))

    away = await explained(gw, id, asked_of("small", client="192.0.2.1"))
    nowhere = await explained(gw, id, asked_of("small"))
    inside = await explained(gw, id, asked_of("small", client="10.1.2.3"))
    gw.clock.advance(86_400 / 4 + 1)
    late = await explained(gw, id, asked_of("small", client="10.1.2.3"))

    assert [told.refusal.code if told.refusal else "" for told in (away, nowhere, inside, late)] == [
        *("token_not_here", "token_not_here", "", "token_not_now")
    ]
    assert [(rule.kind, rule.values) for rule in failing(away)] == [("network", {"client": "192.0.2.1"})]
    assert failing(nowhere)[0].values == {"client": None}
    assert [rule.kind for rule in failing(late)] == ["hours"]


async def test_limits_are_told_with_what_is_left_and_calls_that_run(gateway: Make) -> None:
    gw = gateway(CONFIG | {"limits": {"concurrency": 9}})
    id, secret = await issued(gw, limits=TokenLimits(3, None, 1))
    await made(gw, secret, asked_of("small"))
    lease = await explained(gw, id, asked_of("small"))
    grant = gw.gateway.limiter.take_now((), _lease(id), "req_running")

    told = await explained(gw, id, asked_of("small"))

    (requests,) = rules(lease, "limit", "limit")
    assert requests.values == {"limit": 3, "remaining": 2, "cost": 1, "wait_s": 0.0}
    assert requests.change == ""
    (slots,) = rules(told, "limit", "concurrency")
    assert (slots.holds, slots.of, slots.values) == (False, id, {"limit": 1, "running": 1})
    assert told.refusal is not None
    assert (told.refusal.code, told.refusal.retry_after_s) == ("rate_limit_exceeded", 1.0)
    assert grant is not None


def _lease(id: str) -> Any:
    return Lease(id, 1)


async def test_demand_that_never_fits_waits_for_ever(gateway: Make) -> None:
    gw = gateway(CONFIG)
    id, _ = await issued(gw)
    calls = Looking(gw.gateway.limiter)

    with pytest.raises(RateLimited):
        await calls.take([Demand(id, Rate("requests", 5), 6)], None, "req_1")

    assert calls.sight.waits_s == (inf,)


async def test_budgets_are_told_with_what_is_spent_and_held(gateway: Make) -> None:
    gw = gateway(CONFIG | {"budgets": {"daily_usd": "5"}})
    id, secret = await issued(gw, budget=TokenBudget(100 * CENT, "day"))
    asked = Asked(body=chat("small", max_tokens=100))
    await made(gw, secret, asked)

    told = await explained(gw, id, Asked(body=chat("small", max_tokens=1_000)))

    # 1000 x 150 + 500 x 600, per million tokens
    spent = {"spent_usd": "0.45", "reserved_usd": "0"}
    assert [(rule.of, rule.says, rule.values) for rule in rules(told, "meter", "budget")] == [
        ("bridge", "the bridge's budget for this day", {"limit_usd": "5", **spent}),
        (id, "this token's budget for this day", {"limit_usd": "1", **spent}),
    ]
    assert told.refusal is not None
    assert told.refusal.code == "insufficient_quota"
    assert told.refusal.change.startswith(f"{id}: have the budget raised")
    assert "detail" not in told.refusal.message


async def test_quota_of_a_plan_is_told_with_the_calls_that_were_made(gateway: Make) -> None:
    gw = gateway(CONFIG, plugins=(Answering(),))
    await gw.client()
    services, subscriptions, applications = gw.gateway.services, gw.gateway.subscriptions, gw.gateway.applications
    design = Design(name="W", approval=Approval.AUTO, plans=("gold",), definition={"text": "rain"})
    service = await services.add("weather", "answering", draft=design)
    await services.release(service.id, version="1")
    await services.publish(service.id, 1)
    await subscriptions.add_plan(Plan(name="gold", quota=CallQuota(1), created_at=gw.clock.now()))
    application = await applications.add("shop")
    own = await applications.issue(application.id, name="own")
    assert own is not None
    one = await subscriptions.ask(application.id, "weather", plan="gold")
    asked = Asked(method="POST", path="/v1/apis/weather")

    before = await explained(gw, own.token.id, asked)
    reply = await made(gw, own.secret, asked)
    after = await explained(gw, own.token.id, asked)

    assert (before.crosses, reply.status_code, after.crosses) == (True, 200, False)
    quotas = [*rules(before, "meter", "quota"), *rules(after, "meter", "quota")]
    assert [(rule.of, rule.holds, rule.values) for rule in quotas] == [
        (one.id, True, {"limit": 1, "spent": 0, "reserved": 0}),
        (one.id, False, {"limit": 1, "spent": 1, "reserved": 0}),
    ]
    assert after.refusal is not None
    assert (after.refusal.code, after.refusal.retry_after_s) == ("call_quota_exceeded", 26.5 * 86_400)
    assert after.refusal.change == f"{one.id}: have it raised, or wait for its next period"
    assert [rule.values for rule in rules(after, "meter", "reserved")] == [{"most_usd": "0"}]


@dataclass(frozen=True, slots=True)
class Closed:
    """Refuses, and says that it only looks."""

    for_services: ClassVar[bool] = True
    pure: ClassVar[bool] = True
    open: bool = True

    async def head(self, call: Call) -> None:
        if not self.open:
            raise Denied("closed today", code="closed")


@dataclass(frozen=True, slots=True)
class Counting:
    """Says nothing of how it is asked."""

    for_services: ClassVar[bool] = True

    async def head(self, call: Call) -> None:
        raise AssertionError


class Offering:
    """Offers them."""

    @hookimpl
    def register_policies(self, register: Any) -> None:
        register("closed", Closed)
        register("counting", Counting)


@pytest.mark.parametrize("opened", [True, False])
async def test_policies_of_a_service_are_asked_as_far_as_they_say(gateway: Make, opened: bool) -> None:
    gw = gateway(CONFIG, plugins=(Answering(), Offering()))
    id, _ = await issued(gw, "service:*")
    services, policies = gw.gateway.services, {"closed": {"open": opened}, "counting": {}}
    design = Design(name="W", access=Access.SCOPE, policies=policies, definition={"text": "rain"})
    service = await services.add("weather", "answering", draft=design)
    await services.release(service.id, version="1.2")
    await services.publish(service.id, 1)

    told = await explained(gw, id, Asked(method="POST", path="/v1/apis/weather"))

    assert (told.crosses, told.unsure) == (opened, ("counting",))
    (answers,) = rules(told, "dispatch", "service")
    assert (answers.says, answers.of) == ("the release 1.2 of the service weather answers", service.id)
    assert [(rule.says.partition(":")[0], rule.holds) for rule in rules(told, "dispatch", "policy")] == [
        ("closed", opened),
        ("counting", None),
    ]
    if not opened:
        assert told.refusal is not None
        assert (told.refusal.layer, told.refusal.code, told.refusal.message) == ("dispatch", "closed", "closed today")


async def test_what_running_calls_hold_is_not_there_to_be_spent(gateway: Make) -> None:
    gw = gateway(CONFIG)
    id, _ = await issued(gw, budget=TokenBudget(100 * CENT, "total"))
    line = BudgetLine(f"token:{id}:total", 100 * CENT, "")
    asked = Asked(body=chat("small", max_tokens=10))
    most = to_nano(Decimal(str(rules(await explained(gw, id, asked), "meter", "reserved")[0].values["most_usd"])))

    async def hold(call_id: str, amount: int) -> None:
        await gw.gateway.store.reserve(Reservation(call_id, id, amount, (line,), 9e9))

    await hold("req_1", 100 * CENT - most)
    fits = await explained(gw, id, asked)
    await hold("req_2", 1)
    exceeds = await explained(gw, id, asked)

    assert (fits.crosses, exceeds.crosses) == (True, False)
    assert rules(exceeds, "meter", "budget")[0].values == {
        "limit_usd": "1",
        "spent_usd": "0",
        "reserved_usd": show_usd(100 * CENT - most + 1),
    }


async def test_model_without_a_price_is_told_with_what_to_set(gateway: Make) -> None:
    gw = gateway(CONFIG | {"budgets": {"unpriced": "refuse"}})
    id, _ = await issued(gw)

    told = await explained(gw, id, asked_of("unpriced"))

    assert told.refusal is not None
    assert told.refusal.code == "unpriced_model"
    assert told.refusal.change == "give the model a price in the section [models]"
    (price,) = rules(told, "meter", "price")
    assert (price.holds, price.values) == (False, {"target": "mock/nobody-prices-this", "source": None})


async def test_numbers_of_others_are_not_told(gateway: Make) -> None:
    gw = gateway(CONFIG | {"budgets": {"daily_usd": "5"}})
    options = {"limits": TokenLimits(9, None, 3), "conditions": Conditions(("10.0.0.0/8",), "mon-fri 08:00-18:00 UTC")}
    above, _ = await issued(gw, budget=TokenBudget(100 * CENT), **options)
    id, _ = await issued(gw, minter=await gw.gateway.store.find_holder(above), limits=TokenLimits(5))
    asked = asked_of("small", client="10.0.0.1")

    def sees(token: Token) -> bool:
        return token.id == id

    told = await explained(gw, id, asked, sees=sees)
    whole = await explained(gw, id, asked)

    hidden = [rule for each in told.findings for rule in each.rules if rule.of in (above, "bridge")]
    assert {rule.kind for rule in hidden} >= {"token", "scope", "network", "hours", "limit", "concurrency", "budget"}
    assert [rule.values for rule in hidden] == [{}] * len(hidden)
    assert "10.0.0.0/8" not in str(hidden)
    assert [rule.says for rule in hidden if rule.kind == "limit"] == ["a limit"]
    assert {rule.says for rule in hidden if rule.kind == "scope"} == {"a scope that the call needs"}
    assert "ai:*" not in str(hidden)
    assert rules(told, "limit", "limit")[0] == rules(whole, "limit", "limit")[0]
    assert rules(told, "context", "estimate") == rules(whole, "context", "estimate") != []
    assert "10.0.0.0/8" in str(whole.findings)


@pytest.mark.parametrize("path", ["/_tollbridge", "/_tollbridge/api/v1/tokens", "/metrics", "/healthz", "/readyz?x=1"])
async def test_what_the_gateway_answers_itself_is_not_explained(gateway: Make, path: str) -> None:
    gw = gateway(CONFIG)
    id, _ = await issued(gw)

    with pytest.raises(BadRequest, match="is the gateway's own"):
        await explained(gw, id, Asked(method="GET", path=path))


async def test_paths_of_the_wrapped_app_are_explained(gateway: Make) -> None:
    async def answer(_: Any) -> PlainTextResponse:
        return PlainTextResponse("ok")

    app = Starlette(routes=[Route("/healthz", answer)])
    gw = gateway(CONFIG | {"server": {"metrics": "", "prefix": ""}}, app=app)
    id, _ = await issued(gw, "service:app:GET:/healthz")

    told = [await explained(gw, id, Asked(method="GET", path=path)) for path in ("/healthz", "/_tollbridge")]

    assert [each.crosses for each in told] == [True, False]
    assert [rule.says for rule in rules(told[0], "dispatch", "app")] == ["the wrapped app answers"]


async def test_body_that_is_too_large_is_refused_before_any_layer_judges_it(gateway: Make) -> None:
    gw = gateway(CONFIG | {"server": {"max_body_bytes": 100}})
    id, _ = await issued(gw)

    told = await explained(gw, id, Asked(body=chat("small", x="y" * 200)))

    assert told.refusal is not None
    assert (told.refusal.layer, told.refusal.code) == (READING, "body_too_large")
    assert told.refusal.change == told.refusal.message
    assert [each.layer for each in told.findings if each.decided is Decided.REFUSES] == []


async def test_notes_say_what_was_assumed(gateway: Make) -> None:
    gw = gateway(CONFIG)
    id, _ = await issued(gw)
    many = gateway(CONFIG | {"server": {"workers": 2}, "limits": {"per_process": True}})
    await many.client()

    assert (await explained(gw, id, Asked(body=chat("small")))).notes == ()
    assert (await explained(gw, id, asked_of("small"))).notes == (ASSUMED,)
    assert (await explained(many, "tok_none", Asked(body=chat("small")))).notes == (EACH_WORKER,)


async def test_gateway_that_serves_nothing_says_so(gateway: Make) -> None:
    gw = gateway(CONFIG)

    async with gw.gateway.administered():
        id, _ = (await gw.gateway.tokens.issue(name="asked")).token.id, None
        told = await explained(gw, id, Asked(body=chat("small")))

    assert told.crosses
    assert told.notes == (NOT_SERVING,)


async def test_service_is_not_vouched_for_to_be_explained(gateway: Make) -> None:
    async def answer(_: Any) -> PlainTextResponse:
        return PlainTextResponse("ok")

    gw = gateway(CONFIG | {"service": {"name": "shop", "vouch": True}}, app=Starlette(routes=[Route("/x", answer)]))
    id, _ = await issued(gw, "service:shop:*")

    told = await explained(gw, id, Asked(method="GET", path="/x"))

    assert told.crosses
    assert ("vouch", Decided.PASSES) in [(each.layer, each.decided) for each in told.findings]
    assert await gw.gateway.store.signing_keys("assertion") == []


@pytest.mark.parametrize(
    ("scope", "layer", "code", "told"),
    [
        ("service:weather:look", "subscribe", "not_found", []),
        ("service:weather:*", "subscribe", "not_found", ["service:weather:* by service:weather:*"]),
        ("service:sun:*", "authorize", "insufficient_scope", ["service:weather:* is not in service:sun:*"]),
    ],
)
async def test_what_leads_to_nothing_of_a_service_is_explained_to_who_may_hear_it(
    gateway: Make, scope: str, layer: str, code: str, told: list[str]
) -> None:
    gw = gateway(CONFIG, plugins=(Answering(),))
    id, _ = await issued(gw, scope)
    services = gw.gateway.services
    draft = Design(name="Weather", access=Access.SCOPE, definition={"text": "rain"})
    made = await services.add("weather", "answering", draft=draft)
    await services.release(made.id, version="1")
    await services.publish(made.id, 1)

    found = await explained(gw, id, Asked(path="/v1/apis/weather/nowhere"))

    assert found.refusal is not None
    assert (found.refusal.layer, found.refusal.code) == (layer, code)
    assert [rule.says for rule in rules(found, "authorize", "scope")] == told


async def test_public_path_asks_for_no_token(gateway: Make) -> None:
    async def answer(_: Any) -> PlainTextResponse:
        return PlainTextResponse("ok")

    gw = gateway(CONFIG | {"service": {"public": ["/open"]}}, app=Starlette(routes=[Route("/open", answer)]))
    await gw.client()

    told = await explained(gw, "tok_none", Asked(method="GET", path="/open"))

    assert told.crosses
    assert [rule.kind for rule in rules(told, "authenticate", "public")] == ["public"]
    assert rules(told, "authorize", "scope") == []


async def test_websocket_is_explained_as_it_opens(gateway: Make) -> None:
    gw = gateway(CONFIG)
    id, _ = await issued(gw, "ai:chat", "model:*")

    told = await explained(gw, id, Asked(method="WS", path="/v1/realtime?model=small"))

    assert told.refusal is not None
    assert (told.refusal.layer, told.refusal.code) == ("authorize", "insufficient_scope")
    assert [rule.says for rule in rules(told, "context", "operation")] == ["ai:realtime"]


async def test_call_by_a_method_that_nothing_there_takes_has_no_operation(gateway: Make) -> None:
    gw = gateway(CONFIG)
    id, _ = await issued(gw)

    told = await explained(gw, id, Asked(method="DELETE", path="/v1/chat/completions"))

    assert not told.crosses
    assert rules(told, "context", "operation") == []
    assert rules(told, "context", "estimate") == []
