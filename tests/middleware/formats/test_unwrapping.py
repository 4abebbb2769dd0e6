"""A text is read out of its object alike, whole or as it comes."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.formats.unwrapping import Unwrapping, unwrapped

spaces = st.text(" \t\r\n", max_size=3)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
signs = st.text('{}[]":,\\uUdDcC8afn0 \ninput\U0001f600', max_size=40)


def escaped(text: str, how: str) -> str:
    """Write the inside of a JSON string: with as few escapes as can be, all that can be, or short ones too."""
    if how == "units":
        units = text.encode("utf-16-be")
        return "".join(f"\\u{units[at]:02X}{units[at + 1]:02x}" for at in range(0, len(units), 2))
    return json.dumps(text, ensure_ascii=how == "ascii")[1:-1].replace("/", "\\/" if how == "ascii" else "/")


@st.composite
def objects(draw: st.DrawFn) -> tuple[str, str]:
    """Give a text, and an object that holds it among others, perhaps."""
    text = draw(texts)
    inside = escaped(text, draw(st.sampled_from(("least", "ascii", "units"))))
    member = f'{draw(spaces)}"input"{draw(spaces)}:{draw(spaces)}"{inside}"{draw(spaces)}'
    others = ['"a": [1, {"input": "no"}]', '"b":"}"']
    place = draw(st.integers(0, 2))
    members = [*others[:place], member, *(others[place:] if draw(st.booleans()) else ())]
    return text, f"{draw(spaces)}{{{','.join(members)}}}{draw(spaces)}"


def cut(words: str, places: list[int]) -> str:
    """Unwrap words that come in pieces."""
    unwrapping = Unwrapping()
    bounds = [0, *sorted(place % (len(words) + 1) for place in places), len(words)]
    return "".join(unwrapping.feed(words[a:b]) for a, b in itertools.pairwise(bounds)) + unwrapping.end()


@given(objects(), st.lists(st.integers(0, 400), max_size=6))
def test_text_is_the_same_however_its_object_is_cut(given_: tuple[str, str], places: list[int]) -> None:
    text, words = given_

    assert unwrapped(words) == text
    assert cut(words, places) == text
    assert cut(words, list(range(len(words)))) == text


@given(signs | signs.map('{"input":"'.__add__), st.lists(st.integers(0, 60), max_size=6))
def test_what_is_no_object_is_the_same_however_it_is_cut(words: str, places: list[int]) -> None:
    assert cut(words, places) == cut(words, list(range(len(words)))) == unwrapped(words)


@given(signs | signs.map('{"input":"'.__add__))
def test_what_is_given_can_be_sent(words: str) -> None:
    assert unwrapped(words).encode("utf-8") is not None


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"input":"x"}', "x"),
        ('{"input":"x","y":1}', "x"),
        ('{"y":"{","input":"x"}', "x"),
        ('{"input":""}', ""),
        (r'{"input":"\ud83d\ude00\u00e9\/\\\"\b\f\n\r\t"}', '\U0001f600é/\\"\b\f\n\r\t'),
        ('{"input":1}', '{"input":1}'),
        ('{"in put":"x"}', '{"in put":"x"}'),
        ('{"other":"x"}', '{"other":"x"}'),
        ('{"other":"x","input":1}', '{"other":"x","input":1}'),
        ('{"other":"x","input":"y', '{"other":"x","input":"y'),
        ('["input"]', '["input"]'),
        ("x", "x"),
        ("", ""),
        ("{", "{"),
    ],
)
def test_text_comes_out_of_the_object_it_was_put_into(arguments: str, text: str) -> None:
    assert unwrapped(arguments) == text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"input":"select', "select"),
        ('{"input":"x"', "x"),
        ('{"input":"x"} and more "words"', "x"),
        ('{"input":"a\nb"}', "a\nb"),
        (r'{"input":"grep \d+"}', r"grep \d+"),
        (r'{"input":"\u00zz"}', r"\u00zz"),
        (r'{"input":"\u00', r"\u00"),
        ('{"input":"\\', "\\"),
        (r'{"input":"\ud83d"}', "�"),
        (r'{"input":"\ud83d\n"}', "�\n"),
        (r'{"input":"\ud83d\ud83d\ude00"}', "�\U0001f600"),
        (r'{"input":"\ud83d', "�"),
        (r'{"input":"\ud83d\u', r"�\u"),
        (r'{"input":"\ude00"}', "�"),
    ],
)
def test_text_that_is_broken_goes_as_far_as_it_goes(arguments: str, text: str) -> None:
    assert unwrapped(arguments) == text


def test_text_is_given_as_it_comes() -> None:
    unwrapping = Unwrapping()
    pieces = (' {"in', 'put" :', ' "se', "lect\\", "n1", "\\ud83d\\", "ude00", '","x"', ":1}")

    assert [unwrapping.feed(piece) for piece in pieces] == ["", "", "se", "lect", "\n1", "", "\U0001f600", "", ""]
    assert unwrapping.end() == ""


def test_what_does_not_begin_as_it_should_waits_until_it_is_whole() -> None:
    unwrapping = Unwrapping()

    assert [unwrapping.feed(piece) for piece in ('{"x":1,', '"input":"y"}')] == ["", ""]
    assert unwrapping.end() == "y"


def test_space_without_end_is_looked_through_once() -> None:
    unwrapping = Unwrapping()
    for _ in range(20_000):
        assert unwrapping.feed(" \n") == ""

    assert unwrapping.feed('{"input":"x') == "x"
