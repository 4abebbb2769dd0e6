"""Providers as those see them who administer the gateway."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.keyed import KeyedUpstream, keyed_gateway

from tollbridge import Bearer, Provider, hookimpl
from tollbridge.seeing.providers import KeyPlace, ProviderSeen, Variable, provider_names, provider_seen
from tollbridge.testing import GatewayUnderTest


class Unnamed:
    """A scheme that nobody registered."""

    env = ("ODD_KEY",)

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        return []


class Offered:
    """A plugin with providers of every kind."""

    @hookimpl
    def register_providers(self, register: Any) -> None:
        url = "https://{REGION}.acme.example/v1"
        register(Provider("acme", base_url=url, auth=Bearer(("ACME_KEY", "OTHER_KEY")), display_name="Acme"))
        register(Provider("odd", base_url="https://odd.example/v1", auth=Unnamed()))
        register(Provider("bare", base_url="https://bare.example/v1", auth=Bearer()))


SECTIONS = {
    "file": {"base_url": "https://file.example/v1", "api_key": "file:key.txt"},
    "kept": {"base_url": "https://kept.example/v1?key=quartz", "api_key": "stored:kept"},
    "plain": {"base_url": "http://10.0.0.7/v1", "allow_private": True},
    "open": {"base_url": "https://open.example/v1"},
    "openai": {"api_key": "env:MINE"},
}
ENV = {"REGION": "eu", "OTHER_KEY": "sk-other", "MINE": "sk-mine", "UNUSED": ""}


@pytest.fixture
def under(tmp_path: Path) -> GatewayUnderTest:
    """Give one that is not started: nothing of this asks the database."""
    (tmp_path / "key.txt").write_text("sk-file")
    sections = {**SECTIONS, "file": {**SECTIONS["file"], "api_key": f"file:{tmp_path}/key.txt"}}
    made = keyed_gateway(tmp_path / "data", KeyedUpstream(), {"providers": sections}, env=ENV, plugins=(Offered(),))
    (tmp_path / "data").mkdir()
    return made


def seen(under: GatewayUnderTest, name: str, *kept: str) -> ProviderSeen:
    found = provider_seen(under.gateway, name, kept)
    assert found is not None
    return found


def test_providers_are_those_of_the_configuration_and_those_that_are_known(under: GatewayUnderTest) -> None:
    names = provider_names(under.gateway)

    assert {"acme", "file", "kept", "openai", "anthropic"} <= set(names)
    assert names == sorted(set(names))
    assert provider_seen(under.gateway, "nobody", ()) is None


def test_provider_that_serves_has_its_url_filled_in_and_says_how_it_is_shown_its_key(under: GatewayUnderTest) -> None:
    found = seen(under, "acme")

    assert (found.title, found.state, found.configured, found.private) == ("Acme", "serving", False, False)
    assert found.base_urls == {"openai-chat": "https://eu.acme.example/v1"}
    assert found.variables == (Variable("REGION", True),)
    assert (found.scheme, found.header) == ("bearer", "authorization")
    assert found.key == KeyPlace(
        "env:OTHER_KEY", True, True, (Variable("ACME_KEY", False), Variable("OTHER_KEY", True))
    )


def test_provider_that_is_known_alone_says_what_it_needs(under: GatewayUnderTest) -> None:
    found = seen(under, "anthropic")

    assert (found.state, found.key.is_set, found.key.needed) == ("known", False, True)
    assert found.key.reference == "env:ANTHROPIC_API_KEY"


@pytest.mark.parametrize(
    ("name", "reference", "is_set"),
    [
        ("file", "file:", True),
        ("openai", "env:MINE", True),
        ("kept", "stored:kept", False),
        ("bare", "stored:bare", False),
    ],
)
def test_key_is_where_the_configuration_says_it_is(
    under: GatewayUnderTest, name: str, reference: str, is_set: bool
) -> None:
    found = seen(under, name).key

    assert found.reference.startswith(reference)
    assert (found.is_set, found.needed) == (is_set, True)


def test_kept_key_goes_before_the_environment_and_one_in_the_data_folder_counts(under: GatewayUnderTest) -> None:
    assert seen(under, "acme", "acme").key.reference == "stored:acme"
    assert seen(under, "kept", "kept").key.is_set
    under.gateway.vault.put("kept", "sk-vault")

    assert seen(under, "kept").key.is_set


def test_configured_provider_without_its_key_waits_and_shows_no_secret_of_its_url(under: GatewayUnderTest) -> None:
    found = seen(under, "kept")

    assert (found.state, found.configured) == ("waiting", True)
    assert "quartz" not in str(found)


def test_provider_that_takes_no_key_needs_none(under: GatewayUnderTest) -> None:
    assert seen(under, "open").key == KeyPlace("", False, False, ())
    assert (seen(under, "plain").private, seen(under, "plain").header) == (True, "")


def test_scheme_that_nobody_registered_goes_by_its_type(under: GatewayUnderTest) -> None:
    assert (seen(under, "odd").scheme, seen(under, "odd").key.reference) == ("Unnamed", "env:ODD_KEY")
