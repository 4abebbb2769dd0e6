"""What is wished of teams, people and roles."""

from collections.abc import Callable
from typing import Any

import pytest

from tollbridge.errors import BadRequest
from tollbridge.people.model import PersonChange, TeamChange
from tollbridge.people.wishes import (
    checked_description,
    checked_email,
    checked_line,
    checked_person_change,
    checked_person_name,
    checked_slug,
    checked_team_change,
    email_key,
)


@pytest.mark.parametrize("name", ["a", "7", "blue-team", "a" * 64])
def test_names_are_small_letters_digits_and_hyphens(name: str) -> None:
    assert checked_slug(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a b", "a.b", "a_b", "é", "a\n", "a" * 65])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(BadRequest) as caught:
        checked_slug(name)
    assert caught.value.param == "name"


def test_texts_are_kept_without_the_space_around_them() -> None:
    assert checked_line(" Blue ", "title") == "Blue"
    assert checked_line("", "title") == ""
    assert checked_person_name(" Ada ") == "Ada"
    assert checked_description(" One.\nTwo. ") == "One.\nTwo."


@pytest.mark.parametrize(
    ("check", "text", "param"),
    [
        (lambda text: checked_line(text, "title"), "x" * 101, "title"),
        (lambda text: checked_line(text, "title"), "a\tb", "title"),
        (checked_person_name, "  ", "name"),
        (checked_description, "x" * 1001, "description"),
        (checked_description, "a\0b", "description"),
    ],
)
def test_texts_that_are_too_long_or_cannot_be_shown_are_refused(
    check: Callable[[str], str], text: str, param: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        check(text)
    assert caught.value.param == param


def test_address_is_kept_in_lower_case() -> None:
    assert checked_email(" Ada.Lovelace+x@Example.COM ") == "ada.lovelace+x@example.com"
    assert email_key("a" * 64 + "@example.com") == "a" * 64 + "@example.com"


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@example..com",
        "ada@exa mple.com",
        "a@b@c.example",
        "ada@example.com\n\x00",
        "<ada@example.com>",
        "\N{KELVIN SIGN}elvin@example.com",
        "ad\N{LATIN SMALL LETTER DOTLESS I}@example.com",
        "ada@ex\N{FULLWIDTH LATIN SMALL LETTER A}mple.com",
        "a" * 65 + "@example.com",
        "ada@" + "a." * 125 + "com",
    ],
)
def test_what_is_no_address_in_ascii_is_refused_and_found_for_nobody(email: str) -> None:
    assert email_key(email) == ""
    with pytest.raises(BadRequest) as caught:
        checked_email(email)
    assert caught.value.param == "email"


def test_changes_are_checked_field_by_field() -> None:
    assert checked_person_change(PersonChange()) == PersonChange()
    assert checked_person_change(PersonChange(name=" A ", email="A@B.C")) == PersonChange(name="A", email="a@b.c")
    assert checked_team_change(TeamChange()) == TeamChange()
    wished = TeamChange(title=" A ", description=" b ", scopes=("ai:*", "ai:*"), rotate_days=0)
    assert checked_team_change(wished) == TeamChange(title="A", description="b", scopes=("ai:*",), rotate_days=0)


@pytest.mark.parametrize(
    ("check", "change", "param"),
    [
        (checked_person_change, PersonChange(name=""), "name"),
        (checked_person_change, PersonChange(email="ada"), "email"),
        (checked_team_change, TeamChange(title="a\nb"), "title"),
        (checked_team_change, TeamChange(description="\0"), "description"),
        (checked_team_change, TeamChange(scopes=()), "scopes"),
        (checked_team_change, TeamChange(scopes=("everything",)), "scopes"),
        (checked_team_change, TeamChange(rotate_days=-1), "rotate_days"),
    ],
)
def test_change_that_cannot_be_is_refused(check: Callable[[Any], Any], change: Any, param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        check(change)
    assert caught.value.param == param
