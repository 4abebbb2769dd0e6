"""What is to be embedded, for providers that take texts and give floats."""

import pytest

from tollbridge.errors import Untranslatable, UpstreamError
from tollbridge.formats.embedding import (
    EmbeddingInput,
    EmbeddingResponse,
    Vector,
    float_encoding,
    input_text,
    read_listed,
)
from tollbridge.formats.notes import Notes
from tollbridge.formats.parts import Media, MediaKind, Text
from tollbridge.formats.seal import KeyedSeal

PICTURE = Media(kind=MediaKind.IMAGE, url="https://example.com/a.png")


def notes(*, strict: bool = False) -> Notes:
    return Notes(KeyedSeal(b"k"), strict=strict, spelled={"inputs": "input", "encodings": "encoding_format"})


@pytest.mark.parametrize(
    ("given", "text"),
    [("", ""), ("a", "a"), ((Text(text="a"),), "a"), ((Text(text="a"), Text(text="b")), "a\nb")],
)
def test_texts_that_are_embedded_as_one_are_joined(given: EmbeddingInput, text: str) -> None:
    assert input_text(given, notes(strict=True)) == text


@pytest.mark.parametrize("given", [(), (1, 2), (PICTURE,), (Text(text="a"), PICTURE)])
def test_input_that_is_no_text_is_refused_by_the_callers_name_for_it(given: EmbeddingInput) -> None:
    with pytest.raises(Untranslatable) as refused:
        input_text(given, notes())

    assert refused.value.param == "input"


@pytest.mark.parametrize(
    ("encodings", "said", "dropped"),
    [
        ((), None, ()),
        (("float",), "float", ()),
        (("base64",), "base64", ()),
        (("base64", "float"), "float", ()),
        (("int8", "base64", "binary"), "base64", ("encoding_format.int8", "encoding_format.binary")),
    ],
)
def test_floats_are_asked_for_and_the_others_dropped(
    encodings: tuple[str, ...], said: str | None, dropped: tuple[str, ...]
) -> None:
    told = notes()

    assert float_encoding(encodings, told) == said
    assert told.dropped == dropped


def test_encodings_without_a_float_are_refused() -> None:
    with pytest.raises(Untranslatable, match="'int8' is not to be had") as refused:
        float_encoding(("int8", "binary"), notes())

    assert refused.value.param == "encoding_format"


def test_strict_refuses_what_would_be_dropped() -> None:
    with pytest.raises(Untranslatable):
        float_encoding(("float", "int8"), notes(strict=True))


def read(body: bytes) -> EmbeddingResponse:
    return read_listed(body, "mine", lambda item, place: Vector(index=item.whole("at") or place), lambda wire: None)


def test_listed_embeddings_are_read_each_in_its_place_and_the_rest_is_kept() -> None:
    found = read(b'{"object":"list","id":"e","model":"m","data":[{"at":7},{}],"usage":{"x":1},"more":2}')

    assert [vector.index for vector in found.vectors] == [7, 1]
    assert (found.origin, found.id, found.model, found.wire_usage) == ("mine", "e", "m", {"x": 1})
    assert found.extras == {"more": 2}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"data":{}}'])
def test_answer_that_lists_no_embeddings_is_none(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        read(body)
