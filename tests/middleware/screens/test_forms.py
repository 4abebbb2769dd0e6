"""Forms: what was typed stays, and what the API refuses stands beside its field."""

import pytest
from starlette.datastructures import QueryParams

from tollbridge.screens import Field, Form, Refused
from tollbridge.screens.forms import sentence

FIELDS = (
    Field(name="name", label="Name", begin="x"),
    Field(name="budget", label="Budget", kind="number", api="budget.usd"),
    Field(name="limits", label="Limits"),
    Field(name="tags", label="Tags", kind="ticks", choices=(("a", "A"), ("b", "B"))),
)


def form(posted: bool = True, **given: list[str]) -> Form:
    return Form.read(FIELDS, given, posted=posted)


def test_field_begins_with_its_own_until_somebody_typed() -> None:
    assert form(posted=False).text("name") == "x"
    assert form(posted=False, name=["y"]).text("name") == "y"
    assert form(posted=True).text("name") == ""


def test_texts_words_and_ticks_are_read() -> None:
    one = form(name=["  a, b  c "], tags=["a", "", "b"])

    assert one.text("name") == "a, b  c"
    assert one.words("name") == ["a", "b", "c"]
    assert one.texts("tags") == ["a", "b"]
    assert (one.has("tags"), one.has("budget")) == (True, False)
    assert one.body() == {"name": "a, b  c", "tags": "a"}
    assert one.body("tags", "budget") == {"tags": "a"}


@pytest.mark.parametrize(("typed", "found"), [("", None), ("1,000", 1000), ("-1", "-1"), ("9" * 19, "9" * 19)])
def test_whole_number_is_one_or_what_was_typed(typed: str, found: object) -> None:
    assert form(name=[typed]).whole("name") == found


def test_refusal_stands_beside_the_field_it_names() -> None:
    one = form()

    one.refuse(
        Refused(422, "invalid_fields", "m", {"budget.usd": "send less", "limits.rpm": "none", "odd": "what", "": "all"})
    )

    assert one.errors == {"budget": "Send less.", "limits": "None."}
    assert one.general == "Odd: what. All."
    assert one.is_wrong


def test_refusal_of_no_field_stands_above_all() -> None:
    one = form()

    one.refuse(Refused(409, "taken", "there is one already"))

    assert (one.general, one.errors, one.is_wrong) == ("There is one already.", {}, True)
    assert not form().is_wrong


def test_phone_offers_digits_for_a_number() -> None:
    assert [field.mode for field in FIELDS[:2]] == ["text", "decimal"]


@pytest.mark.parametrize(("said", "written"), [("", ""), ("a", "A."), ("Go on!", "Go on!")])
def test_sentence_ends_as_one(said: str, written: str) -> None:
    assert sentence(said) == written


def test_query_of_a_request_is_read_too() -> None:
    query = QueryParams("name=q")

    assert Form.read(FIELDS, {name: query.getlist(name) for name in query}, posted=False).text("name") == "q"


def test_refusal_of_one_of_a_list_stands_beside_the_list() -> None:
    one = form(limits=["a b"])

    one.refuse(Refused(422, "invalid_fields", "x", {"limits[1]": "it is too long"}))

    assert (one.errors, one.general) == ({"limits": "It is too long."}, "")
