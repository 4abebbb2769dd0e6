"""From the URLs of `[store]` and `[limits]` to a store and a limiter."""

from collections.abc import Callable, Mapping
from typing import Any

from tollbridge.clock import Clock
from tollbridge.config import Config
from tollbridge.errors import ConfigError, SetupError, StoreError, without_words
from tollbridge.limits.limiter import Limiter
from tollbridge.limits.memory import MemoryLimiter
from tollbridge.stores.base import Store
from tollbridge.stores.files import path_of
from tollbridge.stores.sqlite import SqliteStore


def open_store(config: Config, clock: Clock, factories: Mapping[str, Callable[..., Any]]) -> Store:
    """Make the configured store, not opened yet.

    Raises `StoreError` where nothing installed opens its URL, and where what does fails.
    """
    url = config.store_url
    scheme = _scheme(url)
    if scheme == "sqlite":
        return SqliteStore(path_of(url), clock, durability=config.store.durability)
    factory = factories.get(scheme)
    if factory is None:
        raise StoreError(f"store.url: nothing installed opens {f'{scheme}://' if scheme else repr(url)}")
    try:
        store: Store = factory(url, clock)
    except SetupError:
        raise
    except Exception as exc:
        raise StoreError(_failed("store.url", scheme, exc)) from None
    return store


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
    try:
        limiter: Limiter = factory(url, clock)
    except SetupError:
        raise
    except Exception as exc:
        raise ConfigError(_failed("limits.url", scheme, exc)) from None
    return limiter


def _scheme(url: str) -> str:
    """Give what stands before the first colon: `urlsplit` raises for a password with a bracket in it."""
    scheme, colon, _ = url.partition(":")
    return scheme.lower() if colon else ""


def _failed(where: str, scheme: str, exc: Exception) -> str:
    """Say that a plugin's factory failed.  Its own words and the cause are left out: either may hold the URL."""
    return f"{where}: the plugin that opens {scheme}:// failed: {without_words(exc)}"
