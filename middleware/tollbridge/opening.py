"""From the URL of `[store]` to a store."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from tollbridge.clock import Clock
from tollbridge.config import Config
from tollbridge.errors import StoreError
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
