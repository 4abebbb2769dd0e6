"""Key sources: what plugins bring for `[secrets.<name>]`."""

import asyncio
import traceback
from dataclasses import dataclass
from threading import Event
from typing import Any

import pytest
from tests.support.rings import Lockbox

from tollbridge.config import Config, SecretsConfig, parse_config
from tollbridge.errors import ConfigError, PluginError, SetupError
from tollbridge.sealing.sources import Keeper, keepers_of, sources_named

KEY = bytes(range(32, 64))


def made(offered: Any, table: dict[str, object] | None = None) -> Keeper:
    config = parse_config({"secrets": {"keys": "lockbox", "lockbox": table or {}}, "plugins": {"timeout_s": 2.5}})
    return keepers_of(config, {"lockbox": offered})["lockbox"]


def test_source_is_made_of_its_table_and_keeps_its_master_key() -> None:
    keeper = made(Lockbox, {"region": "there"})

    wrapped = keeper.wrap(KEY, "kek 2a")

    assert keeper.unwrap(wrapped, "kek 2a") == KEY
    assert KEY not in wrapped
    assert keeper.source == Lockbox("there")
    assert keeper.timeout_s == 2.5


async def test_source_may_be_async_where_an_event_loop_runs() -> None:
    keeper = made(Lockbox)

    assert keeper.unwrap(keeper.wrap(KEY, "kek 2a"), "kek 2a") == KEY


def test_sources_are_those_that_are_chosen_or_have_a_table() -> None:
    config = Config(secrets=SecretsConfig("new", "env:PEPPER"), key_sources={"old": {}, "new": {"region": "x"}})

    assert sources_named(config) == ("old", "new")
    assert sources_named(Config(secrets=SecretsConfig("data", "new"))) == ("new",)
    assert sources_named(Config(secrets=SecretsConfig("file:data", "env:new"))) == ()


def test_source_that_nobody_offers_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"^secrets\.lockbux: no installed plugin offers it; did you mean 'lockbox'"):
        keepers_of(Config(secrets=SecretsConfig("lockbux")), {"lockbox": Lockbox})
    with pytest.raises(ConfigError, match=r"^secrets\.lockbox: unknown option 'regoin'; did you mean 'region'"):
        made(Lockbox, {"regoin": "x"})


@dataclass(frozen=True)
class Deaf:
    wrap = Lockbox.wrap


def test_source_that_cannot_unwrap_is_no_source() -> None:
    with pytest.raises(PluginError, match=r"the key source 'lockbox' must have: def unwrap\(self, content, label\)"):
        made(Deaf)


@dataclass(frozen=True)
class Odd:
    """Gives what it is told to give, or raises it."""

    given: Any = None

    def wrap(self, key: bytes, label: str) -> bytes:
        if isinstance(self.given, BaseException):
            raise self.given
        answer: bytes = self.given
        return answer

    async def unwrap(self, wrapped: bytes, label: str) -> bytes:
        return self.wrap(wrapped, label)


@pytest.mark.parametrize("method", ["wrap", "unwrap"])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (ValueError("hunter2"), "the source failed: ValueError in test_sources.py, line "),
        (SystemExit("hunter2"), "the source failed: SystemExit in test_sources.py, line "),
        ("hunter2", "the source gave no bytes"),
        (b"", "the source gave no bytes"),
        (None, "the source gave no bytes"),
    ],
)
def test_source_that_fails_is_named_and_its_words_are_not_told(method: str, given: Any, said: str) -> None:
    with pytest.raises(SetupError) as caught:
        getattr(Keeper("odd", Odd(given)), method)(KEY, "kek 2a")

    assert str(caught.value).startswith(f"secrets.odd: the key 'kek 2a': {said}")
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_sentence_that_a_source_has_for_the_operator_is_shown() -> None:
    with pytest.raises(SetupError, match=r"^sign in to the lockbox first$"):
        Keeper("odd", Odd(SetupError("sign in to the lockbox first"))).wrap(KEY, "kek 2a")


class Hanging:
    """Answers when it is let go."""

    def __init__(self) -> None:
        self.let_go = Event()

    def wrap(self, key: bytes, label: str) -> bytes:
        self.let_go.wait(30)
        return key

    async def unwrap(self, wrapped: bytes, label: str) -> bytes:
        await asyncio.to_thread(self.let_go.wait, 30)
        return wrapped


@pytest.mark.parametrize("method", ["wrap", "unwrap"])
def test_source_that_hangs_does_not_hold_the_start(method: str) -> None:
    source = Hanging()

    with pytest.raises(SetupError, match=r"^secrets\.slow: the key 'kek 2a': no answer came within 0\.01 s$"):
        getattr(Keeper("slow", source, 0.01), method)(KEY, "kek 2a")
    source.let_go.set()


def test_keeper_shows_nothing_of_its_source() -> None:
    assert repr(Keeper("odd", Odd("hunter2"))) == "Keeper(name='odd', timeout_s=5.0)"
