"""Providers whose keys come and go while the gateway serves."""

from typing import Any

import pytest
from tests.middleware.test_routes import DIALECTS, KNOWN

from tollbridge.auth import SCHEMES
from tollbridge.config import load_config
from tollbridge.errors import ConfigError, NothingStored
from tollbridge.routes import ModelRoutes
from tollbridge.shownkeys import KeptKey

MINE = {"base_url": "https://mine.example/v1", "api_key": "stored:mine", "headers": {"X-Team": "a"}}
TEAM = (b"x-team", b"a")


def routes(stored: Any = None, env: Any = None, **config: Any) -> ModelRoutes:
    def read_key(reference: str, where: str) -> str:
        kind, _, name = reference.partition(":")
        if kind == "env":
            return str((env or {})[name])
        if name not in (stored or {}):
            raise NothingStored(f"{where}: nothing")
        return str(stored[name])

    return ModelRoutes(load_config(config, {}), KNOWN, DIALECTS, env=env or {}, read_key=read_key, schemes=SCHEMES)


def kept(*versions: int) -> KeptKey:
    return KeptKey(versions, refused=lambda version, status: None, turned=lambda version: None)


def bearer(key: str) -> tuple[bytes, bytes]:
    return (b"authorization", f"Bearer {key}".encode())


def test_provider_whose_key_is_nowhere_waits_for_it_and_so_do_its_models() -> None:
    found = routes(
        providers={"mine": MINE}, models={"fast": {"targets": ["mine/m"]}, "acme/x": {"targets": ["mine/x"]}}
    )

    assert (found.waiting(), found.hosts) == (["mine"], {})
    assert found.resolve("fast") == found.resolve("mine/m") == ()
    assert (found.entry("fast"), found.entries()) == (None, [])
    assert [(target.provider.name, target.model) for target in found.named_targets()] == [("mine", "m"), ("mine", "x")]

    found.rekey("mine", ["k1"], kept(1))

    assert found.waiting() == []
    assert [target.headers for target in found.resolve("fast")] == [(TEAM, bearer("k1"))]
    assert [entry.id for entry in found.entries()] == ["fast", "acme/x"]
    assert found.entry("mine/other") is not None
    found.unkey("mine")
    assert (found.waiting(), found.resolve("mine/m"), found.entries()) == (["mine"], (), [])


def test_name_that_waits_is_not_taken_for_another_providers_model() -> None:
    models = {"acme/large": {"targets": ["mine/m"]}}
    found = routes(env={"ACME_KEY": "k"}, providers={"mine": MINE}, models=models)

    assert found.resolve("acme/large") == ()
    assert [entry.id for entry in found.entries()] == ["acme/small"]


def test_two_keys_are_shown_one_first_and_the_other_instead() -> None:
    found = routes(providers={"mine": MINE})
    pair = kept(2, 1)

    found.rekey("mine", ["k2", "k1"], pair)

    (target,) = found.resolve("mine/m")
    assert (target.headers, target.kept) == ((TEAM, bearer("k2")), pair)
    assert pair.other is not None
    assert pair.other.headers == (TEAM, bearer("k1"))
    assert "k1" not in repr(target)
    assert "k2" not in repr(target)


def test_key_of_the_data_folder_is_there_again_where_the_database_has_none() -> None:
    found = routes(stored={"mine": "file-key"}, providers={"mine": MINE})
    assert found.resolve("mine/m")[0].headers[-1] == bearer("file-key")

    found.rekey("mine", ["k1"], kept(1))
    assert found.resolve("mine/m")[0].headers[-1] == bearer("k1")
    found.unkey("mine")

    assert found.resolve("mine/m")[0].headers[-1] == bearer("file-key")
    assert found.resolve("mine/m")[0].kept is None


def test_known_provider_is_offered_with_a_key_and_without_it_no_more() -> None:
    found = routes()

    found.rekey("acme", ["k"], kept(1))
    assert {entry.id for entry in found.entries()} == {"acme/large", "acme/small"}
    found.unkey("acme")

    assert found.entries() == []


@pytest.mark.parametrize("provider", ["here-with-key", "cloud", "nobody"])
def test_key_alone_does_not_offer_what_is_on_this_machine_has_no_address_or_is_unknown(provider) -> None:
    found = routes()

    found.rekey(provider, ["k"], kept(1))

    assert found.hosts == {}


def test_key_that_the_scheme_cannot_use_changes_nothing() -> None:
    section = {**MINE, "auth_header": "x-key"}
    found = routes(providers={"mine": section})
    found.rekey("mine", ["k1"], kept(1))

    with pytest.raises(ConfigError, match="gave a header that cannot be sent"):
        found.rekey("mine", ["k2\r\nx: y"], kept(2))

    assert found.resolve("mine/m")[0].headers[-1] == (b"x-key", b"k1")


def test_provider_of_files_that_waits_keeps_none_until_it_has_its_key() -> None:
    found = routes(providers={"mine": MINE}, upstream={"files_provider": "mine"})
    assert found.keeping_files() == ()

    found.rekey("mine", ["k"], kept(1))

    assert [target.provider.name for target in found.keeping_files()] == ["mine"]
