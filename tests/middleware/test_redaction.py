"""No secret survives, in whatever it is wrapped."""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.growth import assert_linear

from tollbridge.redaction import REDACTED, Json, Redactor, described, is_secret_name, printable
from tollbridge.tokens.secret import PATTERN, make_secret

TOKEN = "tb_0123456789ABCDEFGHIJKLMNOPQRSTUV3fGh9K"

tokens = st.from_regex(PATTERN, fullmatch=True)
hidden = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=8, max_size=40).filter(
    lambda text: text not in REDACTED and not set(text) <= set("<>redacted …()characters0123456789")
)
wrapping = st.text(max_size=12)


def nested(leaf: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Put a leaf into lists, tuples, sets and dictionaries, as a value and as a key."""
    other = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=8)

    def deeper(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
        return (
            st.tuples(inner, other).map(list)
            | st.tuples(other, inner)
            | st.tuples(st.text(max_size=5), inner).map(lambda pair: {pair[0]: pair[1]})
            | inner.map(lambda value: {str(value): 1})
        )

    return st.recursive(leaf, deeper, max_leaves=4)


def texts_of(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts_of(inner)


def shown(value: object, *secrets: str | bytes) -> Json:
    redactor = Redactor()
    for secret in secrets:
        redactor.hide(secret)
    return redactor.record({"field": value})["field"]


@given(data=st.data(), token=tokens, before=wrapping, after=wrapping)
def test_no_token_survives_in_any_value(data: st.DataObject, token: str, before: str, after: str) -> None:
    text = before + token + after
    value = data.draw(nested(st.just(text) | st.just(text.encode("utf-8", "surrogatepass"))))

    found = Redactor().record({"field": value, before: text, text: 1})

    assert not [text for text in texts_of(found) if re.search(PATTERN, text)]


@given(data=st.data(), secret=hidden, before=wrapping, after=wrapping)
def test_no_hidden_secret_survives_in_any_value(data: st.DataObject, secret: str, before: str, after: str) -> None:
    text = before + secret + after
    value = data.draw(nested(st.just(text) | st.just(text.encode("utf-8", "surrogatepass"))))
    redactor = Redactor()
    redactor.hide(secret)

    found = redactor.record({"field": value, before: text, text: 1})

    assert not [text for text in texts_of(found) if secret in text]


@given(text=st.text())
def test_every_text_ends_up_on_one_line_and_in_utf8(text: str) -> None:
    found = Redactor().text(text)

    assert len(found.splitlines()) <= 1
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", found)
    found.encode("utf-8")


@given(text=st.text(st.sampled_from("abc 123.,:_-=/\n\u2028")))
def test_showing_twice_is_showing_once(text: str) -> None:
    redactor = Redactor()

    assert redactor.text(redactor.text(text)) == redactor.text(text)


@pytest.mark.parametrize(
    "key",
    [
        TOKEN,
        TOKEN + "andMoreThatWasPastedBehindIt",
        "tb_tooShortButStillOne1",
        "tb_test_tooShortButStillOne1",
        "sk-proj-abcdefghijklmnop",
        "sk-ant-api03-abc_def-ghi",
        "sk-or-v1-0123456789abcdef",
        "sk_live_0123456789abcdef",
        "gsk_abcdefghijkl",
        "hf_abcdefghijklmnop",
        "xai-abcdefghijklmnop",
        "AIzaSyA0123456789abcdefghijklmnopqrstuv",
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        "ya29.a0AfH6SMBx",
        "pplx-abcdefghijkl",
        "r8_abcdefghijkl",
        "nvapi-abcdefghijkl",
        "fw_abcdefghijkl",
        "csk-abcdefghijkl",
        "tgp_v1_abcdefghijkl",
        "ghp_abcdefghijkl",
        "github_pat_11ABCDEFG_xyz",
        "glpat-abcdefghijkl",
        "xoxb-123456789-abc",
        "whsec_abcdefghijkl",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..aXY.Y2lwaGVy.dGFn",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n-----END PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADAN and cut",
    ],
)
@pytest.mark.parametrize("around", ["{}", "key {} given", "\n{}\n", "('{}',)", '{{"k": "{}"}}', "a=1;{};b=2", "\\n{}"])
def test_key_of_a_known_shape_is_found(key: str, around: str) -> None:
    text = str(shown(around.format(key).replace("\\n", "\\\n")))

    assert key not in text
    assert printable(key) not in text
    assert REDACTED in text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Bearer s3cr3tvalue", f"Bearer {REDACTED}"),
        ("bearer\ts3cr3tvalue rest", rf"bearer\t{REDACTED} rest"),
        ("Basic dXNlcjpzM2NyM3R2YWx1ZQ==", f"Basic {REDACTED}"),
        ("authorization=Basic%20s3cr3tvalue", f"authorization={REDACTED}"),
        ("Authorization: Token s3cr3tvalue s3cr3tvalue\nAccept: */*", rf"Authorization: {REDACTED}\nAccept: */*"),
        (
            "[(b'authorization', b'Bearer s3cr3tvalue'), (b'a', b'b')]",
            f"[(b'authorization', b{REDACTED}'), (b'a', b'b')]",
        ),
        ("(b'set-cookie', b'a=s3cr3tvalue; Path=/')", f"(b'set-cookie', b{REDACTED}')"),
        ("cookie: a=s3cr3tvalue; b=s3cr3tvalue", f"cookie: {REDACTED}"),
        ("{'x-api-key': 's3cr3tvalue', 'n': 1}", f"{{'x-api-key': {REDACTED}', 'n': 1}}"),
        ('{"client_secret": "s3cr3t\\"value", "n": 1}', f'{{"client_secret": {REDACTED}", "n": 1}}'),
        (r"{\"password\": \"s3cr3tvalue\"}", rf"{{\"password\": {REDACTED}"),
        ("grant_type=x&client_secret=s3cr3tvalue&n=1", f"grant_type=x&client_secret={REDACTED}&n=1"),
        ("Principal(api_key='s3cr3tvalue', n=1)", f"Principal(api_key={REDACTED}', n=1)"),
        ("GET https://h/cb?code=s3cr3tvalue&n=1", f"GET https://h/cb?code={REDACTED}&n=1"),
        ("GET https://h/v1?n=1&key=s3cr3tvalue HTTP", f"GET https://h/v1?n=1&key={REDACTED} HTTP"),
        ("postgresql://user:s3cr3tvalue@host/db", f"postgresql://{REDACTED}@host/db"),
    ],
)
def test_secret_is_found_by_what_stands_before_it(text: str, left: str) -> None:
    assert shown(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "request_served",
        "req_019ab3c4d5e6f708192a3b4c5d6e",
        "tok_019ab3c4d5e6f708192a3b4c5d6e",
        "tb_0123…",
        "openai/gpt-4o-mini",
        "ai:chat",
        "risk-assessment of the desk-lamp-holder",
        "the token has no scope, see token_id=tok_1",
        "input_tokens=12, output_tokens=5",
        "no valid token was given; send one",
        "invalid api key",
        "a monkey=banana",
        "2026-11-01T10:00:00.000Z",
        "postgresql://host/db",
        "https://host/path?model=gpt",
    ],
)
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "Proxy-Authorization",
        "x-api-key",
        "api_key",
        "apiKey",
        "password",
        "client_secret",
        "set-cookie",
    ],
)
def test_value_under_a_secret_name_is_replaced_whatever_it_is(name: str) -> None:
    assert is_secret_name(name)
    assert shown({name: ["anything", 1]}) == {name: REDACTED}
    assert shown([(name, "anything"), (name.encode(), b"anything")]) == [[name, REDACTED], [name, REDACTED]]
    assert Redactor().record({name: 5}) == {name: REDACTED}


def test_whether_a_secret_is_set_may_be_known() -> None:
    assert shown({"api_key": None, "password": True}) == {"api_key": None, "password": True}


@pytest.mark.parametrize("name", ["token_id", "input_tokens", "tokens", "model", "code", "key", "cookie_count"])
def test_other_names_are_no_secrets(name: str) -> None:
    assert not is_secret_name(name)


SECRET = "p'ss \"w\\rd/ü\n+x"


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET, ""),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        repr(SECRET),
        str([SECRET]),
    ],
)
def test_hidden_text_is_found_however_it_is_written(written: str) -> None:
    text = str(shown(f"it is {written} then", SECRET))

    assert REDACTED in text
    assert "w\\rd" not in text
    assert "%2F" not in text


PEPPER = bytes(range(150, 182))


@pytest.mark.parametrize(
    "written",
    [
        PEPPER,
        bytearray(PEPPER),
        memoryview(PEPPER),
        [PEPPER],
        PEPPER.hex(),
        PEPPER.hex().upper(),
        base64.b64encode(PEPPER).decode(),
        base64.urlsafe_b64encode(PEPPER).rstrip(b"=").decode(),
        repr(PEPPER),
        {"nested": (PEPPER, 1)},
    ],
)
def test_hidden_bytes_are_found_however_they_are_written(written: object) -> None:
    assert REDACTED in str(shown(written, PEPPER))


def test_what_is_too_short_to_be_told_from_a_word_is_not_hidden() -> None:
    assert shown("the gateway", "gateway") == "the gateway"


def test_text_seen_before_is_searched_again_once_it_is_a_secret() -> None:
    redactor = Redactor()
    assert redactor.record({"plaintext1": "hunter2-hunter2"}) == {"plaintext1": "hunter2-hunter2"}

    redactor.hide("hunter2-hunter2")
    redactor.hide("plaintext1")

    assert redactor.record({"plaintext1": "hunter2-hunter2"}) == {REDACTED: REDACTED}


def test_what_was_hidden_longest_ago_gives_way() -> None:
    redactor = Redactor()
    redactor.hide("the-first-one")
    redactor.hide("the-second-one")
    redactor.hide("the-first-one")

    for number in range(1_023):
        redactor.hide(f"secret-number-{number:05d}")

    assert redactor.text("the-first-one") == REDACTED
    assert redactor.text("the-second-one") == "the-second-one"
    assert redactor.text("secret-number-00000") == REDACTED


def test_longer_secret_goes_before_one_that_is_a_part_of_it() -> None:
    assert shown("abcdefgh-ijkl", "abcdefgh", "abcdefgh-ijkl") == REDACTED


class Odd:
    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__


class OddError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")


class Shouting(str):
    """A string with ideas of its own."""

    def __str__(self) -> str:
        return TOKEN


@pytest.mark.parametrize(
    ("value", "left"),
    [
        (Odd(), "<unprintable Odd>"),
        (OddError(), "OddError: <unprintable>"),
        (KeyError("x"), "KeyError: 'x'"),
        (ValueError(), "ValueError"),
        (Shouting("quiet"), "quiet"),
        (1 << 64, "0x10000000000000000"),
        ([-(1 << 63), (1 << 63) - 1], [-(1 << 63), (1 << 63) - 1]),
        (3.5, 3.5),
        (True, True),
        (None, None),
        (frozenset({1}), [1]),
        ({1: {2: None}}, {"1": {"2": None}}),
        (b"\xff", r"\xff"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("a\r\n\x00\u2028\ud800b", r"a\r\n\x00\u2028\ud800b"),
        (range(2), "range(0, 2)"),
    ],
)
def test_value_becomes_plain_json(value: object, left: Json) -> None:
    assert shown(value) == left


def test_loop_comes_to_an_end() -> None:
    loop: list[object] = [1]
    loop.extend([loop] * 5)
    table: dict[str, object] = {}
    table.update({str(number): table for number in range(5)})

    assert "…" in str(shown(loop))
    assert "…" in str(shown(table))
    assert len(str(shown([loop, table]))) < 100_000


def test_flood_is_cut() -> None:
    found, flat = shown(list(range(5_000))), shown({str(number): number for number in range(5_000)})

    assert isinstance(found, list)
    assert isinstance(flat, dict)
    assert len(found) <= 1_000
    assert len(flat) <= 1_000
    assert found[-1] == "…" == list(flat)[-1]
    assert shown("x" * 20_000) == "x" * 16_384 + "… (20000 characters)"


def test_secret_at_the_cut_is_not_shown_in_part() -> None:
    text = str(shown("x" * 16_370 + " " + TOKEN))

    assert "tb_" not in text


@pytest.mark.parametrize(
    "piece",
    ["eyJ", "sk-", "token ", "://", "-----BEGIN ", "bearer=", "cookie", 'secret="', "a_", "xox", "token\\", "?code"],
)
def test_long_text_made_to_be_slow_is_not(piece: str) -> None:
    runs = count()

    def redacting(size: int) -> Callable[[], object]:
        redactor, text = Redactor(), f"?{next(runs)} " + piece * (size // len(piece))  # suspicious, never seen before
        return lambda: (redactor.text(text), redactor.record({text: 1}))

    assert_linear(redacting, 1_600)


def test_remembered_texts_and_keys_are_bounded() -> None:
    redactor = Redactor()

    for number in range(5_000):
        redactor.record({f"key{number}": f"value {number}"})

    assert len(redactor._clean) <= 4_096
    assert len(redactor._plain_keys) <= 4_096


def test_record_of_any_mapping_is_taken() -> None:
    class Frozen(Mapping[str, object]):
        def __getitem__(self, key: str) -> object:
            return TOKEN

        def __iter__(self) -> Iterator[str]:
            return iter(("a",))

        def __len__(self) -> int:
            return 1

    assert Redactor().record(Frozen()) == {"a": REDACTED}


def test_a_token_just_made_is_found() -> None:
    assert shown(f"it is {make_secret()}") == f"it is {REDACTED}"


def test_exception_is_described_by_type_and_message() -> None:
    assert described(ValueError("no")) == "ValueError: no"
