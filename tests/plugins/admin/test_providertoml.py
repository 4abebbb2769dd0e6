"""What is written for tollbridge.toml is read by it as it was tried."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge import load_config
from tollbridge.seeing import KeyPlace, ProviderSeen, Variable
from tollbridge_admin.providershapes import ProviderTryWish
from tollbridge_admin.providertoml import place_of, quoted, section

URL = "https://acme.example/v1"
NO_KEY = KeyPlace("", False, False, ())
BY_ENV = KeyPlace("env:ACME_KEY", False, True, (Variable("ACME_KEY", False),))


def seen(key: KeyPlace = BY_ENV, **more: Any) -> ProviderSeen:
    """Give a provider that is known and not configured."""
    known = {"name": "acme", "title": "Acme", "homepage": "", "source": "", "state": "known", "configured": False}
    known |= {"private": False, "base_urls": {"openai-chat": URL}, "variables": (), "scheme": "bearer", "header": ""}
    return ProviderSeen(**{**known, "key": key, **more})


def wish(**fields: str) -> ProviderTryWish:
    return ProviderTryWish(**{"provider": "acme", **fields})


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_is_read_back_as_it_was(text: str) -> None:
    assert tomllib.loads(f"value = {quoted(text)}") == {"value": text}


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(st.characters(exclude_categories=["Cs"])))
def test_section_is_that_of_its_provider_whatever_it_is_called(name: str, value: str) -> None:
    written = section(name, [("base_url", value, "a comment")])

    assert tomllib.loads(written) == {"providers": {name: {"base_url": value}}}


def test_unknown_provider_gets_a_whole_section_with_its_key_in_the_database_or_the_environment() -> None:
    place = place_of(wish(base_url=URL, dialect="anthropic-messages", key="sk-1", auth_header="x-key"), None)

    assert place.toml == (
        "[providers.acme]\n"
        'base_url = "https://acme.example/v1"\n'
        'dialect = "anthropic-messages"\n'
        'api_key = "stored:acme"  # or "env:ACME_API_KEY"\n'
        'auth_header = "x-key"\n'
    )
    assert (place.variable, place.stored) == ("ACME_API_KEY", "acme")
    given = load_config(tomllib.loads(place.toml), {}).providers["acme"]
    assert (given.base_url, given.dialect, given.api_key) == (URL, "anthropic-messages", "stored:acme")


def test_name_that_no_stored_key_can_have_reads_the_environment() -> None:
    place = place_of(wish(provider="my models", base_url=URL, key="sk-1"), None)

    assert place.toml == (f'[providers."my models"]\nbase_url = "{URL}"\napi_key = "env:MY_MODELS_API_KEY"\n')
    assert (place.variable, place.stored) == ("MY_MODELS_API_KEY", None)
    assert place_of(wish(provider="-", base_url=URL, key="x"), None).variable == "PROVIDER_API_KEY"


def test_unknown_provider_without_a_key_is_written_without_one() -> None:
    place = place_of(wish(base_url=URL), None)

    assert (place.toml, place.variable, place.stored) == (f'[providers.acme]\nbase_url = "{URL}"\n', None, None)


def test_known_provider_elsewhere_reads_its_key_where_it_always_does() -> None:
    place = place_of(wish(base_url=URL, key="sk-1"), seen())

    assert (place.toml, place.variable, place.stored) == (
        f'[providers.acme]\nbase_url = "{URL}"\n',
        "ACME_KEY",
        "acme",
    )


@pytest.mark.parametrize(
    ("known", "tried", "written", "variable", "stored"),
    [
        (seen(), "", "", "ACME_KEY", "acme"),
        (seen(), "acme", "", "ACME_KEY", "acme"),
        (seen(), "other", '[providers.acme]\napi_key = "stored:other"\n', None, "other"),
        (seen(private=True), "", "[providers.acme]\n", "ACME_KEY", "acme"),
        (seen(KeyPlace("stored:acme", False, True, ())), "", "", None, "acme"),
        (seen(NO_KEY, scheme="none"), "", "[providers.acme]\n", None, None),
        (seen(NO_KEY, scheme="none", configured=True), "", "", None, None),
        (seen(configured=True), "", "", "ACME_KEY", None),
        (seen(KeyPlace("stored:mine", True, True, ()), configured=True), "", "", None, "mine"),
        (seen(KeyPlace("file:/key", True, True, ()), configured=True), "", "", None, None),
    ],
)
def test_provider_that_was_tried_as_it_is_needs_no_section_unless_it_always_does(
    known: ProviderSeen, tried: str, written: str, variable: str | None, stored: str | None
) -> None:
    place = place_of(wish(stored=tried), known)

    assert (place.toml, place.variable, place.stored) == (written, variable, stored)
