"""Masking takes as long as its input is large, whatever is in it."""

import json
from collections.abc import Callable

import pytest
from tests.plugins.masking.conftest import feed, json_masker, text_masker
from tests.support.growth import assert_linear

HOSTILE = {
    "addresses": "a@",
    "addresses with hosts": "a@a.a",
    "at signs": "@",
    "one long name": "a",
    "hosts": "a@b.c.d.e.",
    "digits": "1",
    "card digits": "4",
    "groups of cards": "4111 ",
    "groups of telephones": "0123 ",
    "brackets": "(0",
    "plus signs": "+1",
    "accounts": "DE89 ",
    "colons": "a:",
    "dots": "1.",
    "words": "ad ",
    "capitals that grow": "İ",
}
WORDS = ("ad lib", "ad", *(f"ad{number}" for number in range(50)))


def whole(text: str) -> Callable[[int], Callable[[], object]]:
    def prepare(size: int) -> Callable[[], object]:
        masker, data = text_masker(words=WORDS), (text * (size // len(text) + 1)).encode()
        return lambda: feed(masker, [data])

    return prepare


@pytest.mark.parametrize("unit", HOSTILE)
def test_text_of_anything_takes_as_long_as_it_is(unit: str) -> None:
    assert_linear(whole(HOSTILE[unit]), 3_000)


@pytest.mark.parametrize("unit", HOSTILE)
def test_string_of_anything_takes_as_long_as_it_is(unit: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        text = HOSTILE[unit]
        masker, data = (
            json_masker(words=WORDS),
            json.dumps([text * (size // len(text) + 1)], ensure_ascii=False).encode(),
        )
        return lambda: feed(masker, [data])

    assert_linear(prepare, 3_000)


@pytest.mark.parametrize(
    "unit",
    [
        '{"a":1},',
        '"a",',
        "1,",
        '{"ssn":[1,{"a":"]"}]},',
        '{"a":{"a":{"ssn":1}}},',
        '"\\u0041\\n",',
        "   ",
        "[],",
        '"a@b.de",',
    ],
)
@pytest.mark.parametrize("step", [1, 10**9])
def test_json_takes_as_long_as_it_is_in_whatever_pieces(unit: str, step: int) -> None:
    def prepare(size: int) -> Callable[[], object]:
        data = f"[{unit * (size // len(unit) + 1)} 0]".encode()
        chunks = [data[place : place + step] for place in range(0, len(data), step)]
        masker = json_masker(fields=("a.ssn", "ssn"))
        return lambda: feed(masker, chunks)

    assert_linear(prepare, 1_000)


@pytest.mark.parametrize("sign", ["a", "\\\\", "\\u0041", "é"])
def test_one_string_that_comes_byte_by_byte_takes_as_long_as_it_is(sign: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        data = f'{{"{sign * (size // len(sign))}":"{sign * (size // len(sign))}"}}'.encode()
        chunks = [data[place : place + 1] for place in range(len(data))]
        masker = json_masker(fields=("a",))
        return lambda: feed(masker, chunks)

    assert_linear(prepare, 1_000)


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
@pytest.mark.parametrize("step", [1, 10**9])
def test_deep_nesting_takes_as_long_as_it_is(bracket: str, step: int) -> None:
    def prepare(size: int) -> Callable[[], object]:
        ends = {"[": "]", '{"a":': "}"}
        data = (bracket * size + "1" + ends[bracket] * size).encode()
        chunks = [data[place : place + step] for place in range(0, len(data), step)]
        masker = json_masker(fields=("a.*.ssn",))
        return lambda: feed(masker, chunks)

    assert_linear(prepare, 300)


def test_text_that_comes_byte_by_byte_takes_as_long_as_it_is() -> None:
    def prepare(size: int) -> Callable[[], object]:
        masker, data = text_masker(), b"lorem a@b.de " * (size // 13)
        chunks = [data[place : place + 1] for place in range(len(data))]
        return lambda: feed(masker, chunks)

    assert_linear(prepare, 3_000)
