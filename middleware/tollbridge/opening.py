"""From the URLs of `[store]`, `[limits]` and `[mail]` to a store, a limiter and a mailer."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tollbridge.clock import Clock
from tollbridge.config import Config
from tollbridge.data import DataFolder
from tollbridge.errors import ConfigError, NoDatabase, SetupError, StoreError, without_words
from tollbridge.limits.limiter import Limiter
from tollbridge.limits.memory import MemoryLimiter
from tollbridge.proving import begin, prove
from tollbridge.sealing.rings import Rings
from tollbridge.stores import schema
from tollbridge.stores.base import Store
from tollbridge.stores.files import path_of
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.stores.versions import SchemaKeeper, SchemaState, check_version
from tollbridge.webhooks.mailing import Mailer, MailHost


def open_store(config: Config, clock: Clock, factories: Mapping[str, Callable[..., Any]]) -> Store:
    """Make the configured store, not opened yet.

    Raises `StoreError` where nothing installed opens its URL, and where what does fails.
    """
    url = config.store_url
    if _scheme(url) == "sqlite":
        return SqliteStore(path_of(url), clock, durability=config.store.durability)
    store: Store = _made("store.url", StoreError, _scheme(url), partial(_factory(url, factories), url, clock))
    return store


def schema_keeper(url: str, factories: Mapping[str, Callable[..., Any]]) -> SchemaKeeper | None:
    """Give what keeps the schema of a store's URL, None where what opens it does not say.

    Raises `StoreError` where nothing installed opens the URL.
    """
    keeper: Any = schema if _scheme(url) == "sqlite" else _factory(url, factories)
    return keeper if isinstance(keeper, SchemaKeeper) else None


def check_schema(config: Config, factories: Mapping[str, Callable[..., Any]], *, makes: bool = True) -> None:
    """Raise `StoreError` where the database has an older schema, or a newer one; waits, so not on an event loop.

    Raises `NoDatabase` where there is none yet, unless the caller `makes` it.
    """
    keeper = schema_keeper(config.store_url, factories)
    if keeper is None:
        return
    found = keeper.status(config.store_url)
    if found.state is SchemaState.EMPTY and not makes:
        raise NoDatabase
    check_version(found, "the database", migrate=False)


def is_new(config: Config, factories: Mapping[str, Callable[..., Any]]) -> bool:
    """Whether there is no database yet, or an empty one, as far as what opens it says; raises `StoreError`.

    Waits, so not on an event loop.
    """
    keeper = schema_keeper(config.store_url, factories)
    return keeper is not None and keeper.status(config.store_url).state is SchemaState.EMPTY


def _factory(url: str, factories: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    scheme = _scheme(url)
    factory = factories.get(scheme)
    if factory is None:
        raise StoreError(f"store.url: nothing installed opens {f'{scheme}://' if scheme else repr(url)}")
    return factory


async def open_with_secrets(store: Store, data: DataFolder, *names: str, rings: Rings) -> list[bytes]:
    """Open a store, then read or make the secrets that go with it, its keys and its peppers; raises `SetupError`.

    In this order, so that a store that cannot be used and a secret that is no good leave nothing behind. Keys and
    peppers that are not those of the database are refused, before anything is made. Key sources are asked in a thread.
    """
    for name in names:
        data.find(name)
    for ring in (rings.keys, rings.peppers):
        await asyncio.to_thread(ring.load)
    await store.open()
    try:
        await prove(store, rings)
        await begin(store, rings)
        return [data.secret(name) for name in names]
    except BaseException:
        await store.close()
        raise


def open_limiter(config: Config, clock: Clock, factories: Mapping[str, Callable[..., Any]]) -> Limiter:
    """Make the configured limiter, of this process where there is no URL.

    Raises `ConfigError` where nothing installed opens the URL, and where what does fails: limits that are not kept
    would be an open door.
    """
    url = config.limits.url
    if not url:
        return MemoryLimiter(clock)
    scheme = _scheme(url)
    factory = factories.get(scheme)
    if factory is None:
        raise ConfigError(
            f"limits.url: nothing installed opens {f'{scheme}://' if scheme else repr(url)}; "
            'limits.url = "" keeps limits in this process'
        )
    limiter: Limiter = _made("limits.url", ConfigError, scheme, partial(factory, url, clock))
    return limiter


def open_mailer(
    config: Config, factories: Mapping[str, Callable[..., Any]], read_key: Callable[[str, str], str]
) -> Mailer | None:
    """Make what sends mail, None where there is no URL.

    Raises `ConfigError` where nothing installed sends by the URL, where what does fails, and for a password that is not
    there.
    """
    mail = config.mail
    if not mail.url:
        return None
    scheme = _scheme(mail.url)
    factory = factories.get(scheme)
    if factory is None:
        known = ", ".join(f"{name}://" for name in sorted(factories)) or "none"
        raise ConfigError(f"mail.url: nothing installed sends mail by {scheme or 'it'}://; known: {known}")
    password = read_key(mail.password, "mail.password") if mail.password else ""
    host = MailHost(mail.url, password, mail.insecure)
    mailer: Mailer = _made("mail.url", ConfigError, scheme, partial(factory, host))
    return mailer


def _scheme(url: str) -> str:
    """Give what stands before the first colon: `urlsplit` raises for a password with a bracket in it."""
    scheme, colon, _ = url.partition(":")
    return scheme.lower() if colon else ""


def _made(where: str, error: type[SetupError], scheme: str, make: Callable[[], Any]) -> Any:
    """Call a plugin's factory; raises `error` where it fails, without its own words: they may hold the URL."""
    try:
        return make()
    except SetupError:
        raise
    except Exception as exc:
        raise error(f"{where}: the plugin that opens {scheme}:// failed: {without_words(exc)}") from None
