"""Masking texts: the same at any cut, in bounded memory."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.masking.conftest import cut, feed, mask, text_masker
from tests.plugins.masking.test_finds import FOUND, NOT_FOUND

from tollbridge.errors import UpstreamError

PIECES = st.sampled_from(
    [
        *("joe@example.com", "4111 1111 1111 1111", "+49 170 1234567", "DE89 3704 0044 0532 0130 00", "030 123456"),
        *(
            "192.0.2.1",
            "2001:db8::1",
            "Adler",
            "red green",
            "green blue",
            "x" * 200,
            "a@a.",
            "4111 ",
            "0171-",
            "1",
            " ",
        ),
        *("ü", "€", "😀", ".", "-", "@", "\n", "Σ", "İ", "lorem ipsum dolor sit amet " * 20),
    ]
)
WORDS = ("Adler", "red green", "green blue", "σ")


@settings(max_examples=200)
@given(
    pieces=st.lists(PIECES, max_size=60), places=st.lists(st.integers(0, 10_000), max_size=8), raw=st.binary(max_size=4)
)
def test_cuts_change_nothing(pieces: list[str], places: list[int], raw: bytes) -> None:
    text = "".join(pieces)
    written = text.encode() + raw.replace(b"\0", b"")
    whole = text_masker(words=WORDS)
    masked = feed(whole, [written])

    for chunks in (cut(written, places), cut(written, range(len(written)))):
        masker = text_masker(words=WORDS)
        assert feed(masker, chunks) == masked
        assert masker.counts == whole.counts
    if not raw:
        assert masked.decode() == mask(text, words=WORDS)


AT_THE_SEAM = [
    *FOUND,
    *NOT_FOUND,
    "red green blue",
    "the red Adler, an Adler",
    f"{'x' * 64}@{'host.' * 49}example.com",
    f"{'x.' * 100}@example.com",
]


@pytest.mark.parametrize("text", AT_THE_SEAM)
def test_what_stands_where_a_text_is_looked_at_in_two_parts_is_masked_as_elsewhere(text: str) -> None:
    words = (*WORDS, "red Adler")
    first = 1_400  # characters that come first; the last 330 of them are looked at later

    for before in (place - back for place in (first, first - 330) for back in range(-3, len(text) + 3)):
        whole = "lorem " * (before // 6) + " " * (before % 6) + text + " ipsum" * 400
        chunks = [whole[:first].encode(), whole[first:].encode()]

        assert feed(text_masker(words=words), chunks).decode() == mask(whole, words=words)


def test_text_that_holds_nothing_passes_byte_for_byte() -> None:
    written = bytes(sign for sign in range(1, 256)) * 50

    assert feed(text_masker(), cut(written, range(0, len(written), 7))) == written


def test_no_more_is_held_back_than_may_become_a_match() -> None:
    masker = text_masker()
    given = sum(len(piece) for _ in range(1000) for piece in masker.feed(b"lorem "))

    assert given >= 6000 - 1400


@pytest.mark.parametrize(
    ("charset", "codec"), [("iso-8859-1", "latin-1"), ("windows-1252", "cp1252"), ("utf-8", "utf-8")]
)
def test_text_of_another_charset_is_masked_in_it(charset: str, codec: str) -> None:
    written = "Müller schrieb: joe@example.com".encode(codec)

    assert feed(text_masker(charset, words=("MÜLLER",)), [written]) == "M*** schrieb: j***@example.com".encode(codec)


def test_text_that_is_utf_16_is_refused() -> None:
    with pytest.raises(UpstreamError, match="NUL"):
        feed(text_masker(), ["joe@example.com".encode("utf-16")])
