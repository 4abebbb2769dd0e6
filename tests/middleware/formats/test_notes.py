"""What is left behind is named."""

from decimal import Decimal

import pytest

from tollbridge.errors import Untranslatable
from tollbridge.formats.notes import MOST_TOLD, Notes
from tollbridge.formats.seal import KeyedSeal

SEAL = KeyedSeal(b"k" * 32)


def test_field_is_named_once_in_the_callers_words() -> None:
    notes = Notes(SEAL, spelled={"max_output": "max_tokens", "thinking": "reasoning"})
    for field in ("top_k", "max_output", "thinking.budget", "top_k"):
        notes.drop(field)

    assert notes.dropped == ("top_k", "max_tokens", "reasoning.budget")
    assert notes.told() == b"top_k, max_tokens, reasoning.budget"


def test_member_only_the_callers_dialect_knows_is_told_by_its_own_name() -> None:
    notes = Notes(SEAL, spelled={"messages": "input", "messages[]": "input[]", "choice": "tool_choice"})

    notes.drop_extras({"messages": 1, "choice": 2})
    notes.drop_extras({"choice": 3}, "choice")
    notes.drop_extras({"messages": 4}, "messages[].content[]")

    assert notes.dropped == ("messages", "choice", "tool_choice.choice", "input[].content[].messages")


def test_what_was_told_before_is_told_by_the_same_names() -> None:
    notes = Notes(SEAL, spelled={"messages": "input"})

    notes.repeat(("messages", "x"))
    notes.drop("messages")

    assert notes.dropped == ("messages", "x", "input")


def test_strict_refuses_a_member_by_its_own_name() -> None:
    with pytest.raises(Untranslatable, match="'messages' cannot be translated") as refused:
        Notes(SEAL, strict=True, spelled={"messages": "input"}).drop_extras({"messages": 1})
    assert refused.value.param == "messages"


def test_field_inside_another_may_have_a_word_of_its_own() -> None:
    notes = Notes(SEAL, spelled={"thinking": "reasoning", "thinking.budget": "thinking.budget_tokens"})
    for field in ("thinking.budget", "thinking.effort"):
        notes.drop(field)

    assert notes.dropped == ("thinking.budget_tokens", "reasoning.effort")


def test_null_is_no_loss() -> None:
    notes = Notes(SEAL)
    notes.drop_extras({"a": None, "b": 0}, "messages[]")
    notes.drop_extras({"c": 1})
    notes.drop_given(d=None, e=False)

    assert notes.dropped == ("messages[].b", "c", "e")


def test_value_that_changes_nothing_is_no_loss() -> None:
    notes = Notes(SEAL, strict=True)

    notes.drop_given(answers=1, frequency_penalty=0, top_p=Decimal("1.0"), logprobs=False)

    with pytest.raises(Untranslatable, match="answers"):
        notes.drop_given(answers=2)


def test_strict_refuses_by_the_callers_name() -> None:
    notes = Notes(SEAL, strict=True, spelled={"answers": "n"})

    with pytest.raises(Untranslatable, match="'n' cannot be translated") as refused:
        notes.drop("answers")
    assert refused.value.param == "n"


def test_field_without_which_the_request_means_something_else_is_always_refused() -> None:
    with pytest.raises(Untranslatable, match="'x' cannot be translated: send it whole"):
        Notes(SEAL).refuse("x", "send it whole")


def test_names_fit_into_a_header() -> None:
    notes = Notes(SEAL)
    notes.drop("é\r\n, x")
    for count in range(MOST_TOLD + 5):
        notes.drop(f"f{count}")

    told = notes.told().decode("ascii").split(", ")
    assert told[0] == "?????x"
    assert told[-1] == "and-6-more"
    assert len(told) == MOST_TOLD + 1
    assert "\r" not in notes.told().decode()


def test_unknown_members_of_an_answer_are_not_missed() -> None:
    notes = Notes(SEAL, answering=True)

    notes.drop_extras({"system_fingerprint": "f"})
    notes.drop("citations")

    assert notes.dropped == ("citations",)
