"""What `check` finds out of what a start needs and is not there: secrets, libraries, settings of plugins."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence, Set
from contextlib import asynccontextmanager

from tollbridge.cli.findings import Finding
from tollbridge.errors import GatewayError, SetupError
from tollbridge.gateway import Gateway
from tollbridge.importing import foreign_hashes
from tollbridge.opening import open_store, schema_keeper
from tollbridge.providerkeys.making import providers_of
from tollbridge.providerkeys.tending import rotators_of
from tollbridge.proving import prove
from tollbridge.runtime import layers_of
from tollbridge.stores.base import Store
from tollbridge.stores.storedsecrets import StoredSecret
from tollbridge.stores.versions import SchemaState


async def key_findings(gateway: Gateway) -> Sequence[Finding]:
    """Look into the database for the keys of providers that have none elsewhere."""
    waiting = gateway.routes.waiting()
    if not waiting:
        return []
    try:
        rows = await _stored(gateway)
    except (SetupError, GatewayError) as exc:
        detail = getattr(exc, "detail", None)
        said = f"the keys in the database could not be read: {detail or exc}"
        return [Finding(f"provider {name}", said, "error") for name in waiting]
    return [_key(gateway, name, rows) for name in waiting]


async def kept_keys(gateway: Gateway) -> Set[str] | None:
    """Name the providers whose key is in the database, for whatever it is worth; None where that cannot be read."""
    try:
        return _kept(gateway, await _stored(gateway))
    except (SetupError, GatewayError):
        return None


def source_findings(gateway: Gateway) -> Iterator[Finding]:
    """Have identity sources say what they lack."""
    for name, source in gateway.sources:
        check = getattr(source, "check", None)
        if check is None:
            continue
        try:
            check(gateway)
        except SetupError as exc:
            yield Finding(f"identity {name}", str(exc), "error")
        else:
            yield Finding(f"identity {name}", "it has what it needs")


def start_findings(gateway: Gateway) -> Iterator[Finding]:
    """Find what a start would be refused for: by plugins, by links that do not fit, by what tokens and keys need."""
    for name, refusal in gateway.plugins.refusals("check", gateway=gateway):
        yield Finding(f"plugin {name}", str(refusal), "error")
    needs: dict[str, Callable[[], object]] = {
        "chain": lambda: layers_of(gateway.registry, gateway.policies, vouch=gateway.config.service.vouch),
        "imported tokens": lambda: foreign_hashes(gateway.config, gateway.vault),
        "rotators": lambda: rotators_of(gateway),
    }
    for what, look in needs.items():
        try:
            look()
        except SetupError as exc:
            yield Finding(what, str(exc), "error")


async def proof_findings(gateway: Gateway) -> Sequence[Finding]:
    """See whether keys and peppers are those of the database."""
    try:
        async with _opened(gateway) as store:
            if store is None:
                return []
            await asyncio.to_thread(gateway.rings.peppers.load)
            await prove(store, gateway.rings)
    except (SetupError, GatewayError) as exc:
        return [Finding("keys and peppers", str(getattr(exc, "detail", None) or exc), "error")]
    return [Finding("keys and peppers", "those of the database")]


async def _stored(gateway: Gateway) -> Sequence[StoredSecret]:
    """Read the keys in the database."""
    async with _opened(gateway) as store:
        return () if store is None else await store.stored_secrets()


@asynccontextmanager
async def _opened(gateway: Gateway) -> AsyncGenerator[Store | None, None]:
    """Open the store; None where a start would make it or bring it up to date: `check` does not."""
    config, stores = gateway.config, gateway.registry.stores
    keeper = schema_keeper(config.store_url, stores)
    if keeper is not None:
        found = await asyncio.to_thread(keeper.status, config.store_url)
        if found.state is not SchemaState.CURRENT:
            yield None
            return
    store = open_store(config, gateway.clock, stores)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def _kept(gateway: Gateway, rows: Sequence[StoredSecret]) -> Set[str]:
    reads, now = providers_of(gateway).reads, gateway.clock.now()
    return {row.provider for row in rows if row.is_live(now) and row.name == reads(row.provider)}


def _key(gateway: Gateway, provider: str, rows: Sequence[StoredSecret]) -> Finding:
    what, name = f"provider {provider}", providers_of(gateway).reads(provider)
    if provider in _kept(gateway, rows):
        return Finding(what, f"its key {name!r} is in the database; ask whether it is taken: provider-key check {name}")
    return Finding(
        what,
        f"there is no key {name!r}, neither in the database nor in the data folder; store it with: "
        f"tollbridge provider-key set {provider}",
        "error",
    )
