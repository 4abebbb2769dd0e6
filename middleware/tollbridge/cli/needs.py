"""What `check` finds out of secrets that the configuration needs and does not hold."""

import asyncio
from collections.abc import Iterator, Sequence

from tollbridge.cli.findings import Finding
from tollbridge.errors import GatewayError, SetupError
from tollbridge.gateway import Gateway
from tollbridge.opening import open_store, schema_keeper
from tollbridge.providerkeys.making import providers_of
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
            yield Finding(f"identity {name}", "its secrets are there")


async def _stored(gateway: Gateway) -> Sequence[StoredSecret]:
    """Read the keys in the database; none where a start would make that or bring it up to date: `check` does not."""
    config, stores = gateway.config, gateway.registry.stores
    keeper = schema_keeper(config.store_url, stores)
    if keeper is not None:
        found = await asyncio.to_thread(keeper.status, config.store_url)
        if found.state is not SchemaState.CURRENT:
            return ()
    store = open_store(config, gateway.clock, stores)
    await store.open()
    try:
        return await store.stored_secrets()
    finally:
        await store.close()


def _key(gateway: Gateway, provider: str, rows: Sequence[StoredSecret]) -> Finding:
    what, name, now = f"provider {provider}", providers_of(gateway).reads(provider), gateway.clock.now()
    if any(row.name == name and row.provider == provider and row.is_live(now) for row in rows):
        return Finding(what, f"its key {name!r} is in the database; ask whether it is taken: provider-key check {name}")
    return Finding(
        what,
        f"there is no key {name!r}, neither in the database nor in the data folder; store it with: "
        f"tollbridge provider-key set {provider}",
        "error",
    )
