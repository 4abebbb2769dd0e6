"""From the URL of `[store]` to a store."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tollbridge.clock import Clock
from tollbridge.config import Config
from tollbridge.errors import StoreError
from tollbridge.stores.base import Store
from tollbridge.stores.sqlite import SqliteStore


def open_store(config: Config, clock: Clock, factories: Mapping[str, Callable[..., Any]]) -> Store:
    """Make the configured store, not opened yet; raises `StoreError` where nothing installed opens its URL."""
    url = config.store_url
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        return SqliteStore(sqlite_path(url, config.base), clock, durability=config.store.durability)
    factory = factories.get(scheme)
    if factory is None:
        raise StoreError(f"store.url: nothing installed opens {f'{scheme}://' if scheme else repr(url)}")
    store: Store = factory(url, clock)
    return store


def sqlite_path(url: str, base: Path) -> Path:
    """Give the file of `sqlite:///relative`, below `base`, or `sqlite:////absolute`; raises `StoreError` for another."""
    head, marker, path = url.partition(":///")
    if head != "sqlite" or not marker or not path:
        raise StoreError(f"store.url {url!r} must be sqlite:///FILE, or sqlite:////ABSOLUTE/FILE")
    return base / path
