"""From the URL of `[store]` to a store."""

from typing import Any

import pytest

from tollbridge.clock import SystemClock
from tollbridge.config import load_config
from tollbridge.errors import StoreError
from tollbridge.opening import open_store
from tollbridge.stores.sqlite import SqliteStore


def opened(url: str, factories: Any = None) -> Any:
    return open_store(load_config({"store": {"url": url}}, {}), SystemClock(), factories or {})


@pytest.mark.parametrize("url", ["", "sqlite:///some/where.db"])
def test_sqlite_is_built_in(url) -> None:
    assert isinstance(opened(url), SqliteStore)


def test_other_scheme_is_a_plugins() -> None:
    made: list[Any] = []

    store = opened("mystore://h/d", {"mystore": lambda url, clock: made.append((url, clock)) or "the store"})

    assert store == "the store"
    assert made[0][0] == "mystore://h/d"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://user:secret@h/d", "store.url: nothing installed opens mysql://"),
        ("plain.db", "store.url: nothing installed opens 'plain.db'"),
        ("sqlite://", "is no SQLite file"),
    ],
)
def test_url_that_nothing_opens_is_refused_without_its_password(url, sentence) -> None:
    with pytest.raises(StoreError) as refused:
        opened(url)

    assert sentence in str(refused.value)
    assert "secret" not in str(refused.value)
