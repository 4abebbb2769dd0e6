"""What is known is taken, what is left stays by name."""

from decimal import Decimal
from typing import Any

import pytest

from tollbridge.errors import BadRequest
from tollbridge.formats.fields import Fields

ALL: dict[str, Any] = {
    "text": "t",
    "whole": 3,
    "number": Decimal("0.5"),
    "flag": True,
    "items": [1],
    "members": {"a": 1},
    "null": None,
    "other": "kept",
}


def test_what_was_taken_is_gone_and_the_rest_stays() -> None:
    found = Fields(ALL)

    assert found.text("text") == "t"
    assert found.whole("whole") == 3
    assert found.number("number") == Decimal("0.5")
    assert found.flag("flag") is True
    assert found.items("items") == [1]
    assert found.members("members") == {"a": 1}
    assert found.rest() == {"null": None, "other": "kept"}


@pytest.mark.parametrize("take", ["text", "whole", "number", "flag", "items", "members", "inner", "each", "take"])
def test_null_is_never_taken(take: str) -> None:
    found = Fields({"a": None})

    assert getattr(found, take)("a") is None
    assert getattr(found, take)("b") is None
    assert found.rest() == {"a": None}
    assert "a" not in found


@pytest.mark.parametrize(
    ("take", "value", "problem"),
    [
        ("text", 1, "must be a text"),
        ("whole", True, "must be a whole number"),
        ("whole", Decimal("1.5"), "must be a whole number"),
        ("whole", Decimal("1E+400"), "must be a whole number"),
        ("number", "1", "must be a number"),
        ("number", False, "must be a number"),
        ("flag", 1, "must be true or false"),
        ("items", {}, "must be a list"),
        ("members", [], "must be an object"),
        ("inner", "x", "must be an object"),
        ("each", "x", "must be a list"),
    ],
)
def test_wrong_type_is_refused_by_its_whole_path_and_left_alone_in_an_answer(
    take: str, value: Any, problem: str
) -> None:
    found = Fields({"deep": {"a": value}}).inner("deep")
    assert found is not None
    with pytest.raises(BadRequest, match=rf"'deep\.a' {problem}") as refused:
        getattr(found, take)("a")
    answer = Fields({"a": value}, wrong=None)

    assert refused.value.param == "deep.a"
    assert getattr(answer, take)("a") is None
    assert answer.rest() == {"a": value}


def test_whole_number_may_be_written_with_a_point() -> None:
    assert Fields({"a": Decimal("5.0")}).whole("a") == 5


def test_each_object_of_a_list_is_looked_into() -> None:
    found = Fields({"list": [{"a": 1}, {"a": "x"}]}).each("list")
    assert found is not None

    assert found[0].whole("a") == 1
    with pytest.raises(BadRequest, match=r"'list\[1\].a'"):
        found[1].whole("a")


def test_list_with_something_else_than_objects_is_refused_and_left_alone_in_an_answer() -> None:
    with pytest.raises(BadRequest, match=r"'list\[1\]' must be an object"):
        Fields({"list": [{}, 1]}).each("list")
    answer = Fields({"list": [{}, 1]}, wrong=None)

    assert answer.each("list") is None
    assert answer.rest() == {"list": [{}, 1]}


def test_body_that_is_no_object_is_refused_and_empty_in_an_answer() -> None:
    with pytest.raises(BadRequest, match="the body must be an object") as refused:
        Fields([1])
    assert refused.value.param is None
    assert Fields([1], wrong=None).rest() == {}


def test_what_is_needed_is_asked_for_and_empty_in_an_answer() -> None:
    with pytest.raises(BadRequest, match="'model' is missing"):
        Fields({}).need("model", None)
    assert Fields({}).need("model", "m") == "m"
    assert Fields({}, wrong=None).need("model", None) == ""


def test_member_can_be_looked_at_and_put_back() -> None:
    found = Fields({"a": 1})

    assert found.peek("a") == 1
    assert "a" in found
    assert found.take("a") == 1
    found.put_back("a", 2)
    assert found.rest() == {"a": 2}
