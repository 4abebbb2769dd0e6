"""What a decoder said, in plain sentences."""

import pytest

from tollbridge_admin.sentences import in_words


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("Expected `str`, got `object`", "send a text"),
        ("Expected `int | null`, got `float`", "send a whole number, or null"),
        ("Expected `bytes`", "send bytes"),
        ("Expected `int` >= 0", "send a whole number of 0 or more"),
        ("Expected `float` <= 1.5", "send a number of 1.5 at most"),
        ("Expected `array` of length >= 1", "send a list that is not empty"),
        ("Expected `str` of length >= 2", "send a text of 2 characters at least"),
        ("Expected `object` of length <= 3", "send an object of 3 entries at most"),
        ("Expected `datetime` with a timezone component", "send a time with its zone, such as 2026-12-31T00:00:00Z"),
        ("Invalid RFC3339 encoded datetime", "send a time such as 2026-12-31T00:00:00Z"),
        ("Something of a later version, `x`", "it is not as openapi.json has it"),
    ],
)
def test_what_to_send_is_named(said: str, sentence: str) -> None:
    assert in_words(said) == sentence


def test_rule_that_only_a_pattern_says_is_shown_by_examples() -> None:
    assert in_words("Expected `str` matching regex 'x'", ["25", "25.50"]) == 'send a text such as "25" or "25.50"'
    assert in_words("Expected `str` matching regex 'x'") == "send a text as openapi.json has it"
