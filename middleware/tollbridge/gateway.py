"""A gateway: configuration and plugins in, an ASGI application out."""

import asyncio
import inspect
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import structlog
from starlette.types import ASGIApp

from tollbridge.access import AccessLog
from tollbridge.call import Call
from tollbridge.clock import Clock, SystemClock
from tollbridge.config import Config, load_config
from tollbridge.configured import check_limits, policies_of, sources_of
from tollbridge.data import DataFolder
from tollbridge.errors import SetupError
from tollbridge.faults import told
from tollbridge.formats.dialect import ModelEntry, Operation
from tollbridge.front import Front
from tollbridge.guarding import guard
from tollbridge.importing import foreign_hashes
from tollbridge.keys import read_key
from tollbridge.layers.refusal import WriteRefusal
from tollbridge.logs import hide
from tollbridge.metering.budgets import Budgets
from tollbridge.metering.genai import GenaiPrices
from tollbridge.metering.prices import Price, PriceBook
from tollbridge.metering.provided import ProviderPrices
from tollbridge.metrics import Metrics
from tollbridge.opening import open_limiter, open_store, open_with_secrets
from tollbridge.ownkeys import AUDIT, OwnKey
from tollbridge.pepperseal import PepperSeal
from tollbridge.plugins import Plugins
from tollbridge.routes import ModelRoutes
from tollbridge.runtime import Parts, budgets_of, build_chain, timeouts_of
from tollbridge.sealing.rings import open_rings
from tollbridge.signingkeys import SigningKeys
from tollbridge.tokens.peppers import Peppers
from tollbridge.tokens.service import TokenService
from tollbridge.transport import Transport, make_transport
from tollbridge.vault import Box, Vault

log = structlog.get_logger("tollbridge")

Source = str | Path | Mapping[str, object] | Config | None


class Gateway:
    """One gateway.  Building it checks everything and writes nothing; `start` opens the store and builds the chain.

    `plugins` are plugin or policy objects given in code, after the installed ones. `transport` stands in for the
    network, in tests and for odd proxies. Raises `SetupError` in one sentence.
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
    ) -> None:
        self.env = os.environ if env is None else env
        self.config = load_config(config, self.env)
        self.app = app
        self.clock = clock or SystemClock()
        self.data = DataFolder(self.config.data)
        settings = self.config.plugins
        policies = [plugin for plugin in plugins if not _is_plugin(plugin)]
        given = [plugin for plugin in plugins if _is_plugin(plugin)]
        self.plugins = Plugins(given, allowed=settings.allowed, disabled=settings.disabled, trace=trace)
        self.registry = self.plugins.register_all()
        self.rings = open_rings(self.config, self.clock, self.env, self.registry.key_sources, learned=hide)
        self.box = Box(self.rings.keys)
        self.vault = Vault(self.data, self.box)
        self.routes = ModelRoutes(
            self.config,
            self.registry.providers,
            self.registry.dialects,
            env=self.env,
            read_key=self.read_key,
            schemes=self.registry.auth_schemes,
        )
        self.policies = policies_of(self.config, self.registry, policies)
        self.sources = sources_of(self.config, self.registry)
        self._own_prices = {
            name: Price.from_table(model.price, id=f"config: {name}")
            for name, model in self.config.models.items()
            if model.price
        }
        check_limits(self.config)
        self._given_transport = transport
        open_store(self.config, self.clock, self.registry.stores)  # refuses a URL nothing opens
        open_limiter(self.config, self.clock, self.registry.limiters)
        self.metrics = Metrics(clock=self.clock)
        self.metrics.know(
            (target.provider.name, target.model) for name in self.config.models for target in self.routes.resolve(name)
        )
        self.started = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting: asyncio.Lock | None = None
        self._lease: AsyncGenerator[None, None] | None = None
        self.vouching: SigningKeys | None = None
        self.failure: SetupError | None = None
        self._announced: list[Callable[[str], tuple[str, str]]] = []

    def read_key(self, reference: str, where: str) -> str:
        """Read the key that `env:NAME`, `file:PATH` or `stored:NAME` names, and keep it out of every log.

        Raises `ConfigError` saying that the option `where` leads nowhere.
        """
        key = read_key(reference, self.env, self.vault, where=where, base=self.config.base)
        hide(key)
        return key

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

    def announce(self, line: Callable[[str], tuple[str, str]]) -> None:
        """Have a line printed when the gateway listens: called with its base URL, gives a name and a text."""
        self._announced.append(line)

    def announcements(self, base_url: str) -> list[tuple[str, str]]:
        """Give what plugins want to be printed."""
        return [line(base_url) for line in self._announced]

    def models(self) -> list[ModelEntry]:
        """List every model that has a name here."""
        return self.routes.entries()

    def guard(
        self, app: ASGIApp, *, service: str, find: Callable[[Call], Operation], write_refusal: WriteRefusal
    ) -> ASGIApp:
        """Put the gateway's own links before an app that `register_apps` makes; `guarding.guard` says how."""
        return guard(self._parts, app, service=service, find=find, write_refusal=write_refusal)

    async def start(self) -> None:
        """Open what serving needs; may be called again in another event loop.  Raises `SetupError`."""
        self._loop = asyncio.get_running_loop()
        self.store = open_store(self.config, self.clock, self.registry.stores)
        self.limiter = open_limiter(self.config, self.clock, self.registry.limiters)
        await asyncio.to_thread(self.rings.keys.load)
        peppers = self.rings.peppers
        (self.admin_key,) = await open_with_secrets(self.store, self.data, "admin.key", peppers=peppers)
        hide(self.admin_key.hex())
        self.transport = self._given_transport or make_transport(
            self.config.upstream.transport, timeouts_of(self.config)
        )
        try:
            self.tokens = TokenService(
                self.store,
                self.store,
                Peppers(peppers, self.clock),
                self.clock,
                audit_key=OwnKey(self.store, self.box, AUDIT),
                rotation_days=self.config.tokens.rotation_days,
                foreign=foreign_hashes(self.config, self.vault),
            )
            self.vouching = self._signing("assertion") if self.config.service.vouch else None
            access = (AccessLog(self.clock),) if self.config.logging.access else ()
            self._parts = parts = Parts(
                config=self.config,
                clock=self.clock,
                registry=self.registry,
                routes=self.routes,
                prices=self.prices,
                policies=self.policies,
                sources=self.sources,
                store=self.store,
                tokens=self.tokens,
                limiter=self.limiter,
                transport=self.transport,
                seal=PepperSeal(peppers),
                box=self.box,
                observers=(self.metrics.observe, *access, *self.registry.observers),
                entered=self.metrics.entered,
                left=self.metrics.left,
                policy_failed=self.metrics.policy_failed,
                canary_used=self.metrics.canary_used,
                vouching=self.vouching,
            )
            self.chain = build_chain(parts, self.app)
            self.front = Front(self)
            await self.plugins.run("startup", gateway=self)
        except BaseException:
            await self._release()
            raise
        self.started = True

    def _signing(self, used_for: str) -> SigningKeys:
        return SigningKeys(self.store, self.box, self.clock, used_for=used_for, algorithm="ES256")

    async def stop(self) -> None:
        """Settle what runs and close everything.  A second call does nothing."""
        if not self.started:
            return
        self.started = False
        await self.chain.plan.settled()
        await self._release()

    async def _release(self) -> None:
        self.metrics.flush()
        try:
            await self.plugins.run("shutdown", to_the_end=True, gateway=self)
        except SetupError as exc:
            log.error("plugin_shutdown_failed", **told(exc))
        try:
            if self._given_transport is None:
                await self.transport.close()
        finally:
            try:
                await self.limiter.close()
            finally:
                await self.store.close()

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


def _is_plugin(thing: object) -> bool:
    return inspect.ismodule(thing) or any(
        hasattr(getattr(type(thing), name, None), "tollbridge_impl") for name in dir(type(thing))
    )
