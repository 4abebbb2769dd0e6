"""A gateway: built and checked without a trace, started, stopped, asked."""

import asyncio
import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from tollbridge import Bearer, Call, Denied, Gateway, Layer, Outcome, Provider, hookimpl, load_config, logs
from tollbridge.asking import Ask
from tollbridge.call import open_call
from tollbridge.clock import Clock
from tollbridge.errors import ConfigError, PluginError, SetupError, StoreError, Unavailable
from tollbridge.formats import Message, Request, Role, Text
from tollbridge.limits.memory import MemoryLimiter
from tollbridge.metering.prices import Price
from tollbridge.runtime import layers_of
from tollbridge.testing import FakeUpstream, FixedClock
from tollbridge.tokens.model import Principal
from tollbridge.tokens.scopes import ScopeSet
from tollbridge.transport.http1 import Http1Transport

MODEL = {
    "providers": {"mock": {"base_url": "https://mock.example/v1", "api_key": "env:KEY"}},
    "models": {"m": {"targets": ["mock/m-1"], "price": {"input": "1"}}},
}


@pytest.fixture
def build(tmp_path) -> Any:
    """Give `build(config, **options)`, which makes a gateway with its data in a folder of the test."""

    def build(config: Any = None, **options: Any) -> Gateway:
        options = {"transport": FakeUpstream(), "clock": FixedClock(), "env": {"KEY": "sk-1"}, **options}
        return Gateway(replace(load_config(config or {}, {}), data=tmp_path / "data"), **options)

    return build


def test_building_writes_nothing(build, tmp_path) -> None:
    build(MODEL)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("config", "error", "sentence"),
    [
        ({"policies": {"nightly": {}}}, ConfigError, "policies.nightly: no installed plugin offers it"),
        ({"models": {"m": {"targets": ["nobody/m"]}}}, ConfigError, "names no known provider"),
        ({**MODEL, "models": {"m": {"targets": ["mock/m"], "price": {"inptu": "1"}}}}, ConfigError, "config: m"),
        ({"store": {"url": "mysql://h/d"}}, StoreError, "nothing installed opens mysql://"),
        ({"plugins": {"disabled": ["nope"]}}, PluginError, "'nope', which is not installed"),
        ({"server": {"workers": 2}, "limits": {"concurrency": 1}}, ConfigError, "2 workers would each keep [limits]"),
        ({"limits": {"url": "redis://h"}}, ConfigError, "nothing installed opens redis://"),
    ],
)
def test_mistake_is_said_when_the_gateway_is_built(build, tmp_path, config, error, sentence) -> None:
    with pytest.raises(error) as refused:
        build(config)

    assert sentence in str(refused.value)
    assert list(tmp_path.iterdir()) == []


class Elsewhere:
    """A plugin whose limiter says that all workers share it."""

    def __init__(self) -> None:
        self.made: list[MemoryLimiter] = []
        self.closed = 0

    @hookimpl
    def register_limiters(self, register) -> None:
        plugin = self

        class Shared(MemoryLimiter):
            shared = True

            async def close(self) -> None:
                plugin.closed += 1

        def make(url: str, clock: Clock) -> MemoryLimiter:
            self.made.append(Shared(clock))
            return self.made[-1]

        register("elsewhere", make)


@pytest.mark.parametrize(
    "limits",
    [{}, {"requests_per_minute": 5, "per_process": True}, {"requests_per_minute": 5, "url": "elsewhere://h"}],
)
def test_several_workers_are_fine_where_limits_are_shared_accepted_or_none(build, limits) -> None:
    found = build({"server": {"workers": 2}, "limits": limits}, plugins=[Elsewhere()])

    assert found.config.server.workers == 2


async def test_limiter_of_a_plugin_keeps_the_limits_and_is_closed_with_the_gateway(gateway_of) -> None:
    elsewhere = Elsewhere()
    gw = gateway_of({"limits": {"requests_per_minute": 1, "url": "elsewhere://h"}}, plugins=(elsewhere,))
    token = await gw.token()

    statuses = [(await gw.chat("m", token=token)).status_code for _ in range(2)]

    assert statuses[1] == 429
    assert gw.gateway.limiter is elsewhere.made[-1]
    await gw.gateway.stop()
    assert elsewhere.closed == 1


@pytest.mark.parametrize("config", [MODEL, {}])
def test_key_of_a_provider_is_never_logged(build, capsys, restored_logging, config) -> None:
    secret = "sk-very-secret-upstream-key"
    build(config, env={"KEY": secret, "OPENAI_API_KEY": secret})
    logs.configure(level="info", format="json")

    logging.getLogger("anything").warning("the key is %s", secret)

    written = "".join(capsys.readouterr())
    assert "the key is" in written
    assert secret not in written


class Closed:
    """A policy given in code."""

    async def head(self, call: Call) -> None:
        raise Denied("closed", code="closed")


@dataclass(frozen=True)
class Polite:
    """A policy with an option."""

    word: str

    async def head(self, call: Call) -> None:
        call.state["polite"] = self.word


class OffersPolite:
    """A plugin given in code."""

    @hookimpl
    def register_policies(self, register: Any) -> None:
        register("polite", Polite)


class OffersMore(OffersPolite):
    """A plugin whose hooks are its parent's."""


@pytest.mark.parametrize("plugin", [OffersPolite(), OffersMore()])
def test_policies_of_the_configuration_come_before_those_given_in_code(build, plugin) -> None:
    gateway = build({"policies": {"polite": {"word": "please"}}}, plugins=[Closed(), plugin])

    assert gateway.policies == [("polite", Polite("please")), ("closed", gateway.policies[1][1])]


def test_policy_without_a_phase_is_refused(build) -> None:
    with pytest.raises(PluginError, match="the policy 'object' has none of the phases"):
        build(plugins=[object()])


def test_policy_that_is_misspelt_is_refused_with_the_nearest_name(build) -> None:
    with pytest.raises(ConfigError, match=r"policies\.polit: no installed plugin offers it; did you mean 'polite'"):
        build({"policies": {"polit": {}}}, plugins=[OffersPolite()])


async def test_given_policy_refuses_calls(gateway_of) -> None:
    gw = gateway_of(plugins=(Closed(),))

    reply = await gw.chat("m")

    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "closed")


@pytest.fixture
def gateway_of(gateway, monkeypatch) -> Any:
    """Give `gateway_of(config, ...)`: a gateway under test with the provider `mock`."""
    monkeypatch.setenv("KEY", "sk-1")
    return lambda config=None, **options: gateway({**MODEL, **(config or {})}, **options)


class Steps:
    """A plugin that notes its start and stop, and fails where it is told to."""

    def __init__(self, *fails: str, waits: bool = True) -> None:
        self.steps: list[str] = []
        self._fails = fails
        self._waits = waits

    async def _later(self, step: str) -> None:
        await asyncio.sleep(0)
        self._now(step)

    def _now(self, step: str) -> None:
        self.steps.append(step)
        if step in self._fails:
            raise RuntimeError(f"{step} broke")

    @hookimpl
    def startup(self, gateway: Gateway) -> Any:
        return self._later("startup") if self._waits else self._now("startup")

    @hookimpl
    def shutdown(self, gateway: Gateway) -> Any:
        return self._later("shutdown") if self._waits else self._now("shutdown")


class Others(Steps):
    """A second plugin."""


@pytest.mark.parametrize("waits", [True, False])
async def test_plugins_are_started_and_stopped_once(build, waits) -> None:
    plugin = Steps(waits=waits)
    gateway = build(plugins=[plugin])

    async with gateway:
        assert plugin.steps == ["startup"]
    await gateway.stop()

    assert plugin.steps == ["startup", "shutdown"]


async def test_what_is_to_end_with_the_gateway_ends_once_and_one_that_fails_hinders_nothing(build) -> None:
    gateway, ended = build(), list[str]()

    async def end(name: str, *, fails: bool = False) -> None:
        ended.append(name)
        if fails:
            raise ValueError("broken")

    with capture_logs() as logged:
        for _ in range(2):
            await gateway.start()
            gateway.when_stopping(partial(end, "first", fails=True))
            gateway.when_stopping(partial(end, "second"))
            await gateway.stop()

    assert ended == ["first", "second"] * 2
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["end_failed"] * 2
    with pytest.raises(Unavailable):
        await gateway.store.check()


@pytest.mark.parametrize("waits", [True, False])
async def test_plugin_whose_start_fails_stops_the_start_and_is_named(build, waits) -> None:
    broken, other = Steps("startup", waits=waits), Others()
    gateway = build(plugins=[broken, other])

    with pytest.raises(PluginError, match="plugin 'Steps' failed in startup: startup broke; to start without it"):
        await gateway.start()

    assert not gateway.started
    assert other.steps[-1:] == ["shutdown"]
    assert broken.steps == ["startup", "shutdown"]


@pytest.mark.parametrize("waits", [True, False])
async def test_plugin_whose_stop_fails_hinders_nobody_else(build, waits) -> None:
    broken, other = Steps("shutdown", waits=waits), Others()
    gateway = build(plugins=[other, broken])

    with capture_logs() as logged:
        async with gateway:
            pass

    assert broken.steps[-1] == other.steps[-1] == "shutdown"
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["plugin_shutdown_failed"]


async def test_setup_error_of_a_plugin_stays_as_it_is(build) -> None:
    class Missing:
        @hookimpl
        async def startup(self, gateway: Gateway) -> None:
            raise SetupError("install the model first")

    with pytest.raises(SetupError, match=r"^install the model first$"):
        await build(plugins=[Missing()]).start()


async def test_transport_of_the_configuration_is_made_and_closed(build) -> None:
    gateway = build(transport=None)

    async with gateway:
        assert isinstance(gateway.transport, Http1Transport)


@pytest.mark.parametrize("serves", [True, False])
async def test_what_is_missing_once_the_store_is_open_closes_it_again(build, serves) -> None:
    gateway = build({"tokens": {"imported": ["hmac:old"]}}, serves=serves)

    with pytest.raises(ConfigError, match="no secret 'old' is stored"):
        await gateway.start()
    with pytest.raises(ConfigError, match="no secret 'old' is stored"):
        async with gateway.administered():
            pass

    assert not gateway.started
    with pytest.raises(Unavailable, match="cannot reach its store"):
        await gateway.store.check()


async def test_gateway_is_administered_without_serving_and_without_what_calls_need(build) -> None:
    class Starts:
        @hookimpl
        def startup(self, gateway: Gateway) -> None:
            raise AssertionError("nothing is served")

    gateway = build(MODEL, serves=False, env={}, plugins=(Starts(),))

    async with gateway.administered():
        issued = await gateway.tokens.issue(name="made")
        assert await gateway.store.get_token(issued.token.id) == issued.token
        assert not gateway.started

    with pytest.raises(Unavailable):
        await gateway.store.check()
    with pytest.raises(ConfigError, match="KEY is not set"):
        gateway.models()


async def test_gateway_that_serves_nothing_asks_models_all_the_same(build) -> None:
    gateway = build(MODEL, serves=False)
    outer = open_call({"type": "http", "path": "/", "headers": []}, gateway.clock)
    outer.principal = Principal(id="operator:ann", name="ann", scopes=ScopeSet(("model:*",)))
    request = Request(origin="test", model="", messages=(Message(role=Role.USER, parts=(Text(text="Hello"),)),))

    for _ in range(2):  # and again, with another store
        async with gateway.administered():
            await gateway.prepare_asking()
            first = gateway.asking
            await gateway.prepare_asking()
            assert gateway.asking is first
            answered = await gateway.asking.ask(outer, Ask(model="m", request=request))
            assert answered.cost
        assert not gateway.started
    async with gateway.administered():
        rows = await gateway.store.recent()

    assert [(row.token_id, row.model) for row in rows] == [("operator:ann", "m")] * 2  # settled before it was closed


async def test_gateway_that_serves_has_what_asks_already(build) -> None:
    async with build(MODEL) as gateway:
        asking = gateway.asking
        await gateway.prepare_asking()

        assert gateway.asking is asking


async def test_gateway_can_be_started_again(build) -> None:
    gateway = build(MODEL)

    for _ in range(2):
        async with gateway:
            await gateway.store.check()

    assert not gateway.is_serving()


async def test_two_first_requests_start_it_once(build) -> None:
    plugin = Steps()
    gateway = build(plugins=[plugin])

    await asyncio.gather(gateway.ready(), gateway.ready(), gateway.ready())

    assert plugin.steps == ["startup"]
    await gateway.stop()


def test_another_event_loop_starts_it_anew_and_the_old_ones_end_stops_only_the_old(build) -> None:
    plugin = Steps()
    gateway = build(plugins=[plugin])

    async def serve() -> None:
        await gateway.ready()
        assert gateway.is_serving()

    asyncio.run(serve())
    assert plugin.steps == ["startup", "shutdown"]
    asyncio.run(serve())

    assert plugin.steps == ["startup", "shutdown"] * 2
    assert not gateway.started


def test_end_of_a_loop_in_which_it_was_stopped_already_does_nothing(build) -> None:
    plugin = Steps()
    gateway = build(plugins=[plugin])

    async def serve() -> None:
        await gateway.ready()
        await gateway.stop()

    asyncio.run(serve())

    assert plugin.steps == ["startup", "shutdown"]


def test_own_prices_go_before_a_plugins_and_a_providers(build) -> None:
    class Source:
        def find(self, provider: str, model: str, at: object) -> Price | None:
            return Price.from_table({"input": "7"}, id="plugin") if model in ("m-1", "m-2") else None

    class Sells:
        @hookimpl
        def register_price_sources(self, register: Any) -> None:
            register(Source())

    gateway = build(MODEL, plugins=[Sells()])
    now = gateway.clock.now()

    found = [gateway.prices.find("mock", model, now, alias=alias) for model, alias in (("m-1", "m"), ("m-2", "x"))]

    assert [price.id for price in found if price is not None] == ["config: m", "plugin"]
    assert gateway.prices.find("mock", "m-3", now, alias="x") is None


def test_models_are_those_with_a_name(build) -> None:
    assert [entry.id for entry in build(MODEL, env={"KEY": "k"}).models()] == ["m"]


def test_announcements_are_told_the_address(build) -> None:
    gateway = build()
    gateway.announce(lambda base: ("dashboard", f"{base}/x"))

    for kept in (True, False):
        assert gateway.announcements("http://h:1", kept=kept) == [("dashboard", "http://h:1/x")]


def test_announcement_with_a_secret_has_another_in_its_place_where_it_is_kept(build) -> None:
    gateway = build()
    gateway.announce(lambda base: ("way in", f"{base}/secret"), kept=lambda base: ("way in", f"{base}/"))

    assert gateway.announcements("http://h:1", kept=False) == [("way in", "http://h:1/secret")]
    assert gateway.announcements("http://h:1", kept=True) == [("way in", "http://h:1/")]


async def test_layer_of_a_plugin_stands_where_it_wants(gateway_of) -> None:
    seen: list[str] = []

    class Note(Layer):
        name = "note"
        after = "authenticate"
        needs = ("authenticate",)

        async def head(self, call: Call) -> None:
            seen.append(call.principal.name if call.principal else "nobody")

        async def finish(self, call: Call, outcome: Outcome) -> None:
            seen.append(outcome.value)

    class Brings:
        @hookimpl
        def register_layers(self, register: Any) -> None:
            register(Note)

        @hookimpl
        def register_metrics(self, register: Any) -> None:
            register(lambda call: seen.append(f"observed {call.status}"))

    gw = gateway_of(plugins=(Brings(),))

    await gw.chat("m")

    assert seen == ["test", "complete", "observed 200"]


def test_chain_can_be_shown_without_being_built(build) -> None:
    shown = layers_of(build().registry, build(plugins=[Closed()]).policies)

    assert [layer.name for layer, _ in shown][-2:] == ["translate", "policies"]
    assert {origin for _, origin in shown} == {"tollbridge"}
    vouched = layers_of(build().registry, (), vouch=True)
    assert [layer.name for layer, _ in vouched][-2:] == ["translate", "vouch"]


async def test_provider_of_a_plugin_given_in_code_is_called(gateway_of, monkeypatch) -> None:
    class Hosts:
        @hookimpl
        def register_providers(self, register: Any) -> None:
            register(Provider("acme", base_url="https://acme.example/v1", auth=Bearer("ACME_KEY")))

    monkeypatch.setenv("ACME_KEY", "acme-1")
    gw = gateway_of(plugins=(Hosts(),))

    await gw.chat("acme/any")

    assert gw.sent[0].url == "https://acme.example/v1/chat/completions"
    assert gw.sent[0].headers["authorization"] == "Bearer acme-1"


async def test_ai_routes_can_be_switched_off(gateway_of) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"mine"})

    gw = gateway_of({"server": {"ai_routes": False}}, app=app)

    assert (await gw.chat("m")).content == b"mine"
    assert gw.sent == []


async def test_log_line_of_each_request_can_be_switched_off(gateway_of) -> None:
    with capture_logs() as loud:
        await gateway_of().chat("m")
    with capture_logs() as quiet:
        await gateway_of({"logging": {"access": False}}).chat("m")

    assert "request_served" in [entry["event"] for entry in loud]
    assert "request_served" not in [entry["event"] for entry in quiet]


def test_budgets_are_those_of_the_configuration(build) -> None:
    budgets = build({"budgets": {"token_monthly_usd": "5"}}).budgets

    assert [(one.period, budgets.bridge) for one in budgets.token] == [("month", ())]
