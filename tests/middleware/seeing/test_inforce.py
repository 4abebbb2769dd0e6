"""The configuration in force, and nothing secret of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tollbridge.auth import SCHEMES
from tollbridge.config import Config, load_config
from tollbridge.registry import Registry
from tollbridge.seeing.inforce import OptionInForce, sections_in_force

REGISTRY = Registry()
TEXT = """
[server]
port = 9000
public = ["/a"]

[store]
url = "postgresql://gw:quartz-lamp@db.example/gw"

[secrets]
keys = "kms"

[secrets.kms]
address = "https://kms.example"
token = "quartz-token"

[rotation.vault]
folder = "x"

[providers.mine]
base_url = "https://user:quartz-pw@mine.example/v1"
api_key = "env:MINE_KEY"
auth = "keyed"
auth_options = { realm = "a", word = "quartz-word", api_key = "stored:mine", client_secret = "quartz-c" }
headers = { x-contract = "quartz-header" }

[models.small]
targets = ["mine/small"]
price = { input = "1" }

[signin.oidc.corp]
issuer = "https://login.example.com"
client_id = "gw"
client_secret = "env:CORP"
groups_claim = "groups"
groups = { blue = { role = "consumer", team = "blue" } }

[identity.badge]
scopes = ["ai:chat"]
password = "quartz-badge"

[policies.curfew]
opens = 08:00:00
"""


@dataclass(frozen=True)
class Keyed:
    """An auth scheme with an option that does not show itself."""

    realm: str = ""
    word: str = field(default="", repr=False)
    env: tuple[str, ...] = ()

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        return []


@dataclass(frozen=True)
class Curfew:
    opens: time = time(9)


@pytest.fixture
def registry() -> Registry:
    made = Registry(policies={"curfew": Curfew}, auth_schemes={**SCHEMES, "keyed": Keyed})
    return made


@pytest.fixture
def config(tmp_path: Path) -> Config:
    path = tmp_path / "tollbridge.toml"
    path.write_text(TEXT)
    return load_config(path, ENV)


ENV = {"TOLLBRIDGE_SERVER__WORKERS": "3", "TOLLBRIDGE_LIMITS__PER_PROCESS": "true", "OTHER": "x"}


def told(config: Config, registry: Registry, env: Mapping[str, str] = ENV) -> dict[str, dict[str, OptionInForce]]:
    sections = sections_in_force(config, registry, env)
    return {one.name: {option.name: option for option in one.options} for one in sections}


def test_every_option_has_its_value_its_default_and_where_it_comes_from(config: Config, registry: Registry) -> None:
    found = told(config, registry)

    server = found["server"]
    assert [
        (server[name].value, server[name].default, server[name].origin) for name in ("port", "workers", "host")
    ] == [
        (9000, 8800, "file"),
        (3, 1, "environment"),
        ("127.0.0.1", "127.0.0.1", "default"),
    ]
    assert (server["public"].value, server["public"].origin) == (["/a"], "file")
    assert server["workers"].about == "processes; see [limits] before you raise it"
    assert found["models.small"]["targets"] == OptionInForce("targets", ["mine/small"], None, "file", "")
    assert found["models.small"]["price"].value == {"input": "1"}


def test_what_neither_file_nor_environment_says_comes_from_code(config: Config, registry: Registry) -> None:
    changed = replace(config, server=replace(config.server, port=1234, host="::"))

    assert [told(changed, registry)["server"][name].origin for name in ("port", "host")] == ["code", "code"]
    config.path.unlink()  # type: ignore[union-attr]
    assert told(config, registry)["server"]["port"].origin == "code"
    assert told(Config(), registry, {})["server"]["port"].origin == "default"


def test_sections_are_named_as_they_are_written_each_at_its_place(config: Config, registry: Registry) -> None:
    names = list(told(config, registry))

    assert names[names.index("secrets") + 1] == "secrets.kms"
    assert names[names.index("rotation") + 1] == "rotation.vault"
    assert names[names.index("signin") + 1] == "signin.oidc.corp"
    assert {"providers.mine", "models.small", "identity.badge", "policies.curfew"} <= set(names)
    assert "oidc" not in told(config, registry)["signin"]


def test_no_secret_is_told_and_references_are(config: Config, registry: Registry) -> None:
    sections = sections_in_force(config, registry, ENV)
    found = told(config, registry)

    assert "quartz" not in msgspec.json.encode(sections).decode()
    assert found["store"]["url"].value == "postgresql://<redacted>@db.example/gw"
    assert found["providers.mine"]["api_key"].value == "env:MINE_KEY"
    assert found["providers.mine"]["auth_options"].value == {
        "realm": "a",
        "word": "<redacted>",
        "api_key": "stored:mine",
        "client_secret": "<redacted>",
    }
    assert found["providers.mine"]["headers"].value == {"x-contract": "<redacted>"}
    assert found["signin.oidc.corp"]["client_secret"].value == "env:CORP"
    assert found["secrets.kms"]["token"].value == "<redacted>"
    assert (found["secrets"]["keys"].value, found["secrets"]["pepper"].value) == ("kms", "data")


def test_options_of_plugins_have_their_own_defaults_where_these_are_known(config: Config, registry: Registry) -> None:
    found = told(config, registry)

    assert found["policies.curfew"]["opens"] == OptionInForce("opens", "08:00:00", "09:00:00", "file", "")
    assert found["identity.badge"]["scopes"] == OptionInForce("scopes", ["ai:chat"], None, "file", "")
    assert found["secrets.kms"]["address"].value == "https://kms.example"


def test_group_is_told_as_it_is_written(config: Config, registry: Registry) -> None:
    groups = told(config, registry)["signin.oidc.corp"]["groups"]

    assert (groups.value, groups.origin) == ({"blue": {"role": "consumer", "team": "blue"}}, "file")


def test_options_of_a_scheme_that_nothing_offers_are_told_by_their_names(config: Config) -> None:
    found = told(config, Registry())["providers.mine"]["auth_options"].value

    assert (found["realm"], found["client_secret"]) == ("a", "<redacted>")


def test_option_that_is_neither_text_nor_number_is_told_as_text(registry: Registry) -> None:
    strange: Any = {"badge": {"path": Path("/x"), "password": None, "secret": 5, "part": 1.5}}

    found = told(replace(Config(), identity=strange), registry)["identity.badge"]

    assert {name: one.value for name, one in found.items()} == {
        "path": "/x",
        "password": None,
        "secret": "<redacted>",
        "part": 1.5,
    }
    assert json.loads(msgspec.json.encode(found)) is not None
