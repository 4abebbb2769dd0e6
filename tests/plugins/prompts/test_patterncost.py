import time
from functools import partial
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_prompts.patterncost import UNREAD, living

_PLACE_S = 30e-9
"""Seconds that the engine takes for a living place at a character, at most on a quiet machine."""


@pytest.mark.parametrize(
    ("pattern", "places"),
    [
        ("", 0),
        ("^", 0),
        (r"\bA", 1),
        ("^abc$", 1),
        ("abc", 3),
        (r"^\d{4}-\d{2}-\d{2}$", 1),
        (r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$", 2),
        (r"^\+?[0-9]{6,15}$", 2),
        ("^[a-z0-9-]{1,63}$", 1),
        (r"^[^@]+@[^@]+\.[a-z]+$", 5),
        (r"\S", 1),
        (r"^\p{L}+$", 1),
        (r"\x{1F600}\u00e9\x41", 3),
        ("^(a|bc|def){2,4}$", 14),
        ("^(?:en|de)(?P<land>-[A-Z]{2})?$", 2),
        ("(?i)a(?i:b)", 2),
        ("a{2}{3}", 6),
        ("^a{2,}b", 3),
        ("^a*?b+?c??", 3),
        ("^a{0}b", 1),
        ("^a{0,400}b{0,400}c", 402),
        ("[ab]*a[ab]{400}c", 403),
        ("(?:[ab]*a){50}[ab]{20}[cd]", 121),
        ("^a|b", 2),
        (r"\Aab", 1),
        ("[^]]{40}x", 42),
        (r"[\]]{3}", 3),
        ("]{40}", 40),
        ("(?:^){3}", 0),
        ("(?:^)*a", 1),
    ],
)
def test_places_that_live_at_once_are_counted(pattern: str, places: int) -> None:
    assert living(pattern) == places


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)",
        "(?x)a{ 4 }",
        "(?m)^a",
        r"\b{start}",
        r"(a)\1",
        "a)",
        "(a",
        "[a",
        "*",
        "{2}",
        "a\\",
        "a{9999}",
        "(" * 300,
    ],
)
def test_what_is_not_read_or_too_large_counts_as_much(pattern: str) -> None:
    assert living(pattern) == UNREAD


@given(st.text(alphabet="ab|()[]{}^$*+?\\d,21.-:iP<>", max_size=30))
def test_any_text_is_counted(pattern: str) -> None:
    assert 0 <= living(pattern) <= UNREAD


@pytest.mark.parametrize(
    "pattern",
    [
        "[ab]*a[ab]{20}c",
        "[ab]*a[ab]{400}c",
        "(?:[ab]*a){50}[ab]{20}[cd]",
        "(?:(?:(?:[ab]?){20}){20}a)[cd]",
        "(?:a|b|ab|ba|aab|bba|abab|[ab]{7})*a[ab]{30}c",
        ".*a.{100}c",
        "^[^@]+@[^@]+$",
    ],
)
def test_no_match_takes_longer_than_its_places_say(pattern: str) -> None:
    options = jsonschema_rs.RegexOptions(size_limit=256 * 1024, dfa_size_limit=256 * 1024)
    validator = jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options)
    text = "a" * 5_000

    took_s = min(_took(partial(validator.is_valid, text)) for _ in range(3))

    assert took_s < 3 * _PLACE_S * living(pattern) * len(text) + 0.002


def _took(work: Any) -> float:
    begun = time.thread_time()
    work()
    return time.thread_time() - begun
