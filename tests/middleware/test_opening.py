"""From the URLs of `[store]` and `[limits]` to a store and a limiter."""

import re
import traceback
from typing import Any

import pytest

from tollbridge.clock import SystemClock
from tollbridge.config import load_config
from tollbridge.errors import ConfigError, StoreError
from tollbridge.limits.memory import MemoryLimiter
from tollbridge.opening import open_limiter, open_store
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


def limiter(url: str, factories: Any = None) -> Any:
    return open_limiter(load_config({"limits": {"url": url}}, {}), SystemClock(), factories or {})


def test_limits_are_kept_in_this_process_where_nothing_else_is_said() -> None:
    assert isinstance(limiter(""), MemoryLimiter)


def test_limiter_of_a_plugin_is_made_with_its_url_and_the_clock() -> None:
    made: list[Any] = []

    found = limiter("memo://h/0", {"memo": lambda url, clock: made.append((url, clock)) or "the limiter"})

    assert found == "the limiter"
    assert made[0][0] == "memo://h/0"
    assert isinstance(made[0][1], SystemClock)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("redis://user:secret@h/0", "limits.url: nothing installed opens redis://"),
        ("here", "nothing installed opens 'here'"),
    ],
)
def test_limits_that_nothing_keeps_are_refused_without_their_password(url, sentence) -> None:
    with pytest.raises(ConfigError) as refused:
        limiter(url)

    assert sentence in str(refused.value)
    assert "secret" not in str(refused.value)


URL = "acme://admin:hunt[er2@h/d?token=t0psecret"


def broken(url: str, clock: Any) -> Any:
    raise RuntimeError(f"cannot open {url}")


@pytest.mark.parametrize(
    ("opens", "error", "where"), [(opened, StoreError, "store.url"), (limiter, ConfigError, "limits.url")]
)
def test_factory_that_fails_is_told_in_one_sentence_without_what_the_url_holds(opens, error, where) -> None:
    with pytest.raises(error) as refused:
        opens(URL, {"acme": broken})

    sentence = str(refused.value)
    assert re.fullmatch(
        rf"{where}: the plugin that opens acme:// failed: RuntimeError in test_opening\.py, line \d+", sentence
    )
    shown = "".join(traceback.format_exception(refused.value))
    assert not any(part in shown for part in ("admin", "hunt", "t0psecret"))


@pytest.mark.parametrize("opens", [opened, limiter])
def test_factory_says_in_its_own_sentence_what_it_lacks(opens) -> None:
    def needs(url: str, clock: Any) -> Any:
        raise ConfigError("install acme[redis] first")

    with pytest.raises(ConfigError, match=r"^install acme\[redis\] first$"):
        opens(URL, {"acme": needs})
