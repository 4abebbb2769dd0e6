"""A gateway: configuration and plugins in, an ASGI application out."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self, Unpack

import structlog
from starlette.types import ASGIApp

from tollbridge.applications.service import Applications
from tollbridge.assembling import administering_of, chain_of, parts_of, services_of, signing_of, tokens_of
from tollbridge.clock import Clock, SystemClock
from tollbridge.config import Config, load_config
from tollbridge.configured import check_limits, policies_of, sources_of
from tollbridge.data import DataFolder
from tollbridge.errors import SetupError
from tollbridge.faults import told
from tollbridge.formats.dialect import ModelEntry
from tollbridge.front import Front
from tollbridge.guarding import Guarding, guard
from tollbridge.identity import IdentitySource
from tollbridge.keys import read_key
from tollbridge.logs import hide
from tollbridge.metering.budgets import Budgets
from tollbridge.metering.genai import GenaiPrices
from tollbridge.metering.prices import Price, PriceBook
from tollbridge.metering.provided import ProviderPrices
from tollbridge.metrics import Metrics
from tollbridge.opening import check_schema, open_limiter, open_mailer, open_store, open_with_secrets
from tollbridge.ownwork import jobs_of, rotations_of, sinks_of, webhooks_of
from tollbridge.people.service import People
from tollbridge.plugins import Plugins, is_plugin
from tollbridge.policing import Policing
from tollbridge.providerkeys.making import keys_of, show_keys
from tollbridge.readings import budgets_of, timeouts_of
from tollbridge.routes import ModelRoutes
from tollbridge.runtime import Parts
from tollbridge.sealing.rings import open_rings
from tollbridge.services.naming import check_app_name
from tollbridge.services.secrets import ServiceSecrets
from tollbridge.signingkeys import SigningKeys
from tollbridge.throttle import Throttle
from tollbridge.transport import Transport, make_transport
from tollbridge.vault import Box, Vault
from tollbridge.webhooks.mailing import Mailer

log = structlog.get_logger("tollbridge")

Source = str | Path | Mapping[str, object] | Config | None
Line = Callable[[str], tuple[str, str]]
"""What is printed when the gateway listens: from its base URL a name and a text."""


class Gateway:
    """One gateway.  Building it checks everything and writes nothing; `start` opens the store and builds the chain.

    `plugins` are plugin or policy objects given in code, after the installed ones. `transport` stands in for the
    network, in tests and for odd proxies. One that does not serve (`serves=False`) is for `administered`: what calls
    cross is not looked at, so keys of providers may be missing. Raises `SetupError` in one sentence.
    """

    def __init__(
        self,
        config: Source = None,
        *,
        app: ASGIApp | None = None,
        plugins: Sequence[object] = (),
        clock: Clock | None = None,
        transport: Transport | None = None,
        env: Mapping[str, str] | None = None,
        trace: Callable[[str], None] | None = None,
        serves: bool = True,
    ) -> None:
        self.env = os.environ if env is None else env
        self.config = load_config(config, self.env)
        self.app = app
        self.clock = clock or SystemClock()
        self.data = DataFolder(self.config.data)
        settings = self.config.plugins
        policies = [plugin for plugin in plugins if not is_plugin(plugin)]
        given = [plugin for plugin in plugins if is_plugin(plugin)]
        self.plugins = Plugins(given, allowed=settings.allowed, disabled=settings.disabled, trace=trace)
        self.registry = self.plugins.register_all()
        self.rings = open_rings(self.config, self.clock, self.env, self.registry.key_sources, learned=hide)
        self.box = Box(self.rings.keys)
        self.vault = Vault(self.data, self.box)
        self._given_policies = policies
        self._own_prices = {
            name: Price.from_table(model.price, id=f"config: {name}")
            for name, model in self.config.models.items()
            if model.price
        }
        check_limits(self.config)
        self.sinks = sinks_of(self)
        self._given_transport = transport
        open_store(self.config, self.clock, self.registry.stores)  # refuses a URL nothing opens
        open_limiter(self.config, self.clock, self.registry.limiters)
        self.metrics = Metrics(clock=self.clock)
        self.throttle = Throttle(self.config.throttle, self.clock, counted=self.metrics.bad_credential)
        self.started = False
        self._asks = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting: asyncio.Lock | None = None
        self._lease: AsyncGenerator[None, None] | None = None
        self.vouching: SigningKeys | None = None
        self.issuing: SigningKeys | None = None
        self.failure: SetupError | None = None
        self._announced: list[tuple[Line, Line]] = []
        self._ends: list[Callable[[], Awaitable[None]]] = []
        if serves:
            self._check()

    def _check(self) -> None:
        """Make what calls cross; raises `SetupError` for what none could."""
        self.metrics.know((target.provider.name, target.model) for target in self.routes.named_targets())
        for part in ("policies", "sources", "mailer"):
            getattr(self, part)

    @cached_property
    def routes(self) -> ModelRoutes:
        """The ways to the models; raises `ConfigError` for one that leads nowhere, or whose key is not there."""
        return ModelRoutes(
            self.config,
            self.registry.providers,
            self.registry.dialects,
            env=self.env,
            read_key=self.read_key,
            schemes=self.registry.auth_schemes,
        )

    @cached_property
    def policies(self) -> Sequence[tuple[str, Any]]:
        """The policies by name, those of the configuration first; raises `SetupError` for one that does not fit."""
        return policies_of(self.config, self.registry, self._given_policies)

    @cached_property
    def policing(self) -> Policing:
        """What runs the policies that services and plans bring along."""
        timeout_s, failed = self.config.plugins.timeout_s, self.metrics.policy_failed
        return Policing(self.registry.policies, timeout_s=timeout_s, failed=failed, clock=self.clock)

    @cached_property
    def sources(self) -> Sequence[tuple[str, IdentitySource]]:
        """The identity sources by name, in the order they are asked; raises `SetupError` for one that does not fit."""
        return sources_of(self.config, self.registry)

    @cached_property
    def mailer(self) -> Mailer | None:
        """What sends mail, None where nothing does; raises `ConfigError` for a `[mail]` that does not fit."""
        return open_mailer(self.config, self.registry.mailers, self.read_key)

    def read_key(self, reference: str, where: str) -> str:
        """Read the key that `env:NAME`, `file:PATH` or `stored:NAME` names, and keep it out of every log.

        Raises `ConfigError` saying that the option `where` leads nowhere.
        """
        key = read_key(reference, self.env, self.vault, where=where, base=self.config.base)
        hide(key)
        return key

    @cached_property
    def service_secrets(self) -> ServiceSecrets:
        """What reads the secrets of services, for each call as they are then."""
        return ServiceSecrets(self)

    @property
    def prices(self) -> PriceBook:
        """The price book: the configuration's own prices, then what plugins and providers say, then genai-prices."""
        offered = [host.provider for host in self.routes.hosts.values()]
        own = ProviderPrices(self.registry.providers, offered=offered)
        return PriceBook([*self.registry.price_sources, own, GenaiPrices()], self._own_prices)

    @property
    def budgets(self) -> Budgets:
        """The budgets of `[budgets]`: the bridge's own, and those of each token without one."""
        return budgets_of(self.config)

    def announce(self, line: Line, *, kept: Line | None = None) -> None:
        """Have a line printed when the gateway listens.

        One that holds a secret is for a terminal alone: `kept` takes its place where what is printed is kept, in a log.
        """
        self._announced.append((line, kept or line))

    def announcements(self, base_url: str, *, kept: bool) -> list[tuple[str, str]]:
        """Give what plugins want to be printed; `kept`: into a log."""
        return [(logged if kept else line)(base_url) for line, logged in self._announced]

    def when_stopping(self, end: Callable[[], Awaitable[None]]) -> None:
        """Have something ended, such as a fetch, when the gateway stops; to be said at each start."""
        self._ends.append(end)

    def parts(self) -> Parts:
        """Give what the chain is made of: the very parts that serve, or where nothing is served the same made anew."""
        return self._parts if self.started else parts_of(self)

    def models(self) -> list[ModelEntry]:
        """List every model that has a name here."""
        return self.routes.entries()

    def guard(self, app: ASGIApp, **options: Unpack[Guarding]) -> ASGIApp:
        """Put the gateway's own links before an app that `register_apps` makes; `guarding.guard` says how."""
        return guard(self._parts, app, **options)

    async def start(self) -> None:
        """Open what serving needs; may be called again in another event loop.  Raises `SetupError`."""
        await self.plugins.run("check", gateway=self)
        await self._open()
        try:
            await check_app_name(self)
            await self._make_chain()
            self.front = Front(self)
            await self.plugins.run("startup", gateway=self)
        except BaseException:
            await self._release()
            raise
        self.started = True
        if self.config.jobs.enabled:
            self.jobs.start()

    @asynccontextmanager
    async def administered(self, *, makes: bool = True) -> AsyncGenerator[None, None]:
        """Open the store and what administers it, and serve nothing: no chain, no app, no plugin's `startup`.

        An older database is left as it is: raises `SetupError` saying how it is brought up to date, and `NoDatabase`
        where there is none yet that this `makes`.
        """
        await asyncio.to_thread(check_schema, self.config, self.registry.stores, makes=makes)
        await self._open()
        try:
            yield
        finally:
            if self._asks:
                self._asks = False
                await self._settle()
            await self.secrets.close()
            await self._close()

    async def prepare_asking(self) -> None:
        """Make what asks models, where nothing is served and nobody did; raises `SetupError` for what that lacks."""
        if not self.started and not self._asks:
            await self._make_chain(observers=())  # who asks sees the answer: it is not logged
            self._asks = True

    async def _make_chain(self, **other: Any) -> None:
        await show_keys(self)
        self._parts = replace(parts_of(self), **other)
        self.chain, self.asking = chain_of(self._parts, self.app)

    async def _settle(self) -> None:
        await self.chain.plan.settled()
        await self.asking.settled()
        await self._parts.alarm.settled()

    async def _open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.store = open_store(self.config, self.clock, self.registry.stores)
        self.limiter = open_limiter(self.config, self.clock, self.registry.limiters)
        (self.admin_key,) = await open_with_secrets(self.store, self.data, "admin.key", rings=self.rings)
        hide(self.admin_key.hex())
        self.transport = self._given_transport or make_transport(
            self.config.upstream.transport, timeouts_of(self.config)
        )
        try:
            self.tokens = tokens_of(self)
            self.secrets = keys_of(self)
            self.people = People(self.store, self.tokens, self.clock)
            self.applications = Applications(self.store, self.tokens, self.clock)
            self.credentials, self.clients, self.grants, self.sessions = administering_of(self)
            self.services, self.subscriptions, self.books = services_of(self)
            self.webhooks, self.rotations, self.jobs = webhooks_of(self), rotations_of(self), jobs_of(self)
            self.vouching, self.issuing = signing_of(self)
        except BaseException:
            await self._close()
            raise

    async def stop(self) -> None:
        """Settle what runs and close everything.  A second call does nothing."""
        if not self.started:
            return
        self.started = False
        await self._settle()
        await self._release()

    async def _release(self) -> None:
        self.metrics.flush()
        await self.jobs.stop()
        await self.books.close()
        await self.secrets.close()
        ends, self._ends = self._ends, []
        for fault in await asyncio.gather(*(end() for end in ends), return_exceptions=True):
            if fault is not None:
                log.error("end_failed", **told(fault))
        try:
            await self.plugins.run("shutdown", to_the_end=True, gateway=self)
        except SetupError as exc:
            log.error("plugin_shutdown_failed", **told(exc))
        await self._close()

    async def _close(self) -> None:
        async with AsyncExitStack() as closing:  # the last first, each whatever becomes of the others
            closing.push_async_callback(self.store.close)
            closing.push_async_callback(self.limiter.close)
            if self._given_transport is None:
                closing.push_async_callback(self.transport.close)

    def is_serving(self) -> bool:
        """Whether `start` was called in the running event loop."""
        return self.started and self._loop is asyncio.get_running_loop()

    async def ready(self) -> None:
        """Start if nobody has: a host that sends no lifespan, or one that changed its event loop."""
        loop = asyncio.get_running_loop()
        if self._starting is None or self._loop is not loop:
            self._starting, self._loop = asyncio.Lock(), loop
            self.started = False
        async with self._starting:
            if not self.started:
                await self.start()
                self._lease = self._until_the_loop_ends()
                await anext(self._lease)

    async def _until_the_loop_ends(self) -> AsyncGenerator[None, None]:
        """Stop when the event loop shuts down its generators: nobody else does where the host sends no lifespan."""
        try:
            yield
        finally:
            if self.is_serving():
                await self.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()
