"""From the URLs of `[store]` and `[limits]` to a store and a limiter."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from tollbridge.clock import Clock
from tollbridge.config import Config
from tollbridge.data import DataFolder
from tollbridge.errors import ConfigError, SetupError, StoreError
from tollbridge.limits.limiter import Limiter
from tollbridge.limits.memory import MemoryLimiter
from tollbridge.stores.base import Store
from tollbridge.stores.files import path_of
from tollbridge.stores.sqlite import SqliteStore


def open_store(config: Config, clock: Clock, factories: Mapping[str, Callable[..., Any]]) -> Store:
    """Make the configured store, not opened yet; raises `StoreError` where nothing installed opens its URL."""
    url = config.store_url
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        return SqliteStore(path_of(url), clock, durability=config.store.durability)
    factory = factories.get(scheme)
    if factory is None:
        raise StoreError(f"store.url: nothing installed opens {f'{scheme}://' if scheme else repr(url)}")
    store: Store = factory(url, clock)
    return store


async def open_with_secrets(store: Store, data: DataFolder, *names: str) -> list[bytes]:
    """Open a store, then read or make the secrets that go with it; raises `SetupError`.

    In this order, so that a store that cannot be used and a secret that is no good leave nothing behind.
    """
    for name in names:
        data.find(name)
    await store.open()
    try:
        return [data.secret(name) for name in names]
    except SetupError:
        await store.close()
        raise


def open_limiter(config: Config, clock: Clock, factories: Mapping[str, Callable[..., Any]]) -> Limiter:
    """Make the configured limiter, of this process where there is no URL.

    Raises `ConfigError` where nothing installed opens the URL: limits that are not kept would be an open door.
    """
    url = config.limits.url
    if not url:
        return MemoryLimiter(clock)
    scheme = urlsplit(url).scheme
    factory = factories.get(scheme)
    if factory is None:
        raise ConfigError(
            f"limits.url: nothing installed opens {f'{scheme}://' if scheme else repr(url)}; "
            'limits.url = "" keeps limits in this process'
        )
    limiter: Limiter = factory(url, clock)
    return limiter
