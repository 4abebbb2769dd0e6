"""From the URLs of `[store]`, `[limits]` and `[mail]` to a store, a limiter and a mailer."""

import re
import sqlite3
import traceback
from contextlib import closing
from typing import Any

import pytest

from tollbridge.clock import SystemClock
from tollbridge.config import Config, load_config
from tollbridge.data import DataFolder
from tollbridge.errors import ConfigError, SetupError, StoreError, Unavailable
from tollbridge.limits.memory import MemoryLimiter
from tollbridge.opening import check_schema, open_limiter, open_mailer, open_store, open_with_secrets, schema_keeper
from tollbridge.sealing.rings import Rings, open_rings
from tollbridge.stores import schema
from tollbridge.stores.sqlite import SqliteStore


def rings_of(data: DataFolder) -> Rings:
    return open_rings(Config(data=data.path), SystemClock(), {}, {})


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


class Keeper:
    """A factory that keeps the schema of its stores."""

    def __call__(self, url, clock):
        return "the store"

    def status(self, url):
        return "current"

    def upgrade(self, url):
        return "current"


def test_schema_of_a_file_is_our_own_to_keep() -> None:
    assert schema_keeper("sqlite:///some/where.db", {}) is schema


def test_schema_of_a_plugins_store_is_kept_by_its_factory_where_it_offers_that() -> None:
    keeper = Keeper()

    assert schema_keeper("MyStore://h/d", {"mystore": keeper}) is keeper
    assert schema_keeper("mystore://h/d", {"mystore": lambda url, clock: "the store"}) is None


def test_schema_of_a_url_that_nothing_opens_is_refused() -> None:
    with pytest.raises(StoreError, match="nothing installed opens mysql://"):
        schema_keeper("mysql://user:secret@h/d", {})


def test_schema_that_is_not_this_programs_is_refused_before_a_store_is_opened(tmp_path) -> None:
    url = f"sqlite:///{tmp_path}/t.db"
    config = load_config({"store": {"url": url}}, {})

    check_schema(config, {})  # there is none yet
    schema.upgrade(url)
    check_schema(config, {})
    with closing(sqlite3.connect(tmp_path / "t.db")) as db, db:
        db.execute("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(StoreError, match=r"^the database has schema 0001 .* run: tollbridge db upgrade$"):
        check_schema(config, {})


def test_schema_that_nobody_keeps_is_not_looked_at() -> None:
    config = load_config({"store": {"url": "mystore://h/d"}}, {})

    check_schema(config, {"mystore": lambda url, clock: "the store"})


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


async def test_store_is_opened_and_its_secrets_are_made(tmp_path) -> None:
    store, data = SqliteStore(tmp_path / "x.db"), DataFolder(tmp_path / "data")

    one, other = await open_with_secrets(store, data, "one", "other", rings=rings_of(data))

    assert (one, other) == (data.secret("one"), data.secret("other"))
    assert rings_of(data).peppers.current().content == data.secret("pepper")
    await store.close()


async def test_store_that_cannot_be_opened_leaves_no_secret(tmp_path) -> None:
    data = DataFolder(tmp_path / "data")
    with pytest.raises(StoreError, match="is not a file"):
        await open_with_secrets(SqliteStore(tmp_path), data, "one", rings=rings_of(data))

    assert list(tmp_path.iterdir()) == []


async def test_secret_that_is_no_good_leaves_no_database(tmp_path) -> None:
    data = DataFolder(tmp_path / "data")
    data.secret("one")
    (tmp_path / "data" / "other").write_text("short")

    with pytest.raises(SetupError, match="other"):
        await open_with_secrets(SqliteStore(tmp_path / "x.db"), data, "one", "other", rings=rings_of(data))

    assert [path.name for path in tmp_path.iterdir()] == ["data"]


async def test_pepper_that_is_no_good_leaves_no_database(tmp_path) -> None:
    data = DataFolder(tmp_path / "data")
    data.secret("pepper")
    (tmp_path / "data" / "pepper").write_text("00" * 32)

    with pytest.raises(SetupError, match="pepper: key 1 is one byte over and over"):
        await open_with_secrets(SqliteStore(tmp_path / "x.db"), data, rings=rings_of(data))

    assert [path.name for path in tmp_path.iterdir()] == ["data"]


async def test_store_is_closed_where_its_secrets_cannot_be_made(tmp_path) -> None:
    store, data = SqliteStore(tmp_path / "x.db"), DataFolder(tmp_path / "none" / "data")

    with pytest.raises(SetupError, match="there is no folder"):
        await open_with_secrets(store, data, "one", rings=rings_of(data))

    with pytest.raises(Unavailable):
        await store.check()


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


def mailer(url: str, factories: Any = None, **options: Any) -> Any:
    config = load_config({"mail": {"url": url, "sender": "bridge@example.com", **options}}, {})
    return open_mailer(config, factories or {}, lambda reference, where: f"{where} = {reference}")


def test_mailer_is_a_plugins_and_is_given_the_host_with_its_password() -> None:
    given = mailer("acme://ada@h", {"acme": lambda host: host}, password="env:PW", insecure=True)

    assert (given.url, given.password, given.insecure) == ("acme://ada@h", "mail.password = env:PW", True)
    assert mailer("acme://h", {"acme": lambda host: host}).password == ""
    assert mailer("") is None


@pytest.mark.parametrize(
    ("url", "known", "sentence"),
    [
        ("smpt://mail.example.com", {"smtps": None, "smtp": None}, "by smpt://; known: smtp://, smtps://"),
        ("mail.example.com?key=t0psecret", {}, "by it://; known: none"),
    ],
)
def test_mail_that_nothing_sends_stops_the_start(url: str, known: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        mailer(url, known)

    assert str(refused.value) == f"mail.url: nothing installed sends mail {sentence}"


def test_mailer_that_fails_is_told_without_its_words() -> None:
    def fails(host: Any) -> Any:
        raise RuntimeError("t0psecret")

    with pytest.raises(ConfigError, match="the plugin that opens acme:// failed: RuntimeError in") as refused:
        mailer("acme://h", {"acme": fails})

    assert "t0psecret" not in str(refused.value)
