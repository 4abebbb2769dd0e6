"""Images, documents, films and sounds, both ways."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from tests.providers.bedrock.samples import (
    blocks,
    content_of,
    foreign,
    said_by,
    written,
)
from tests.support.growth import assert_linear

from tollbridge.errors import Untranslatable
from tollbridge.formats import (
    Media,
    MediaKind,
    Role,
    Text,
    ToolResult,
)
from tollbridge.testing.conversation_contract import notes

DATA = base64.b64encode(b"data").decode()


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (
            {"image": {"format": "jpeg", "source": {"bytes": DATA}}},
            Media(kind=MediaKind.IMAGE, data=DATA, mime="image/jpeg"),
        ),
        (
            {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/i", "bucketOwner": "1"}}}},
            Media(
                kind=MediaKind.IMAGE,
                file_id="s3://b/i",
                mime="image/png",
                extras={"image": {"source": {"s3Location": {"bucketOwner": "1"}}}},
            ),
        ),
        (
            {"image": {"format": "png", "name": "a", "context": "b", "citations": {}, "source": {"bytes": DATA}}},
            Media(
                kind=MediaKind.IMAGE,
                data=DATA,
                mime="image/png",
                extras={"image": {"name": "a", "context": "b", "citations": {}}},
            ),
        ),
        (
            {"video": {"format": "mpg", "source": {"bytes": DATA}}},
            Media(kind=MediaKind.VIDEO, data=DATA, mime="video/mpg"),
        ),
        (
            {"video": {"format": "three_gp", "source": {"bytes": DATA}}},
            Media(kind=MediaKind.VIDEO, data=DATA, mime="video/3gpp"),
        ),
        (
            {"audio": {"format": "mp3", "source": {"bytes": DATA}}},
            Media(kind=MediaKind.AUDIO, data=DATA, mime="audio/mpeg"),
        ),
        (
            {"document": {"format": "pdf", "name": "A (1)", "source": {"bytes": DATA}, "citations": {"enabled": True}}},
            Media(kind=MediaKind.FILE, data=DATA, mime="application/pdf", name="A (1)", citations=True),
        ),
        (
            {"document": {"name": "a", "source": {"text": "words"}, "context": "old"}},
            Media(kind=MediaKind.FILE, text="words", name="a", context="old"),
        ),
        (
            {"document": {"name": "a", "source": {"content": [{"text": "b"}, {"text": "c"}]}}},
            Media(
                kind=MediaKind.FILE,
                text="b\n\nc",
                name="a",
                extras={"document": {"source": {"content": [{"text": "b"}, {"text": "c"}]}}},
            ),
        ),
        (
            {"document": {"name": "a", "source": {"bytes": DATA}, "citations": {"mode": "x"}}},
            Media(kind=MediaKind.FILE, data=DATA, name="a", extras={"document": {"citations": {"mode": "x"}}}),
        ),
    ],
)
def test_media_is_read_and_written_as_it_was(block: dict[str, Any], part: Media) -> None:
    assert blocks(block) == (part,)


def test_result_has_text_json_media_and_a_status() -> None:
    (part,) = blocks(
        {
            "toolResult": {
                "toolUseId": "t1",
                "content": [
                    {"text": "a"},
                    {"json": {"b": [1.50]}},
                    {"image": {"format": "png", "source": {"bytes": DATA}}},
                ],
                "status": "error",
            }
        }
    )

    assert isinstance(part, ToolResult)
    assert part.error is True
    assert part.content[:2] == (Text(text="a"), Text(text='{"b":[1.5]}', extras={"json": None}))


@pytest.mark.parametrize(
    ("mime", "name", "form"),
    [
        ("application/pdf", None, "pdf"),
        ("text/markdown; charset=utf-8", None, "md"),
        ("text/x-python", "a.py", "txt"),
        (None, "a.docx", "docx"),
        (None, None, "pdf"),
        ("application/octet-stream", "b.CSV", "csv"),
    ],
)
def test_document_gets_a_format_bedrock_knows(mime: str | None, name: str | None, form: str) -> None:
    part = Media(kind=MediaKind.FILE, data=DATA, mime=mime, name=name)

    assert content_of(Text(text="see"), part)[1]["document"]["format"] == form


@pytest.mark.parametrize(
    ("name", "fit"),
    [
        ("report.v2.pdf", "report v2"),
        ("John's  report\t#1.pdf", "John s report 1"),
        ("報告.pdf", "document"),
        ("a (1) [x]-y", "a (1) [x]-y"),
        ("b" * 300, "b" * 200),
        (None, "document"),
    ],
)
def test_document_gets_a_name_bedrock_takes(name: str | None, fit: str) -> None:
    part = Media(kind=MediaKind.FILE, data=DATA, name=name)

    assert content_of(Text(text="see"), part)[1]["document"]["name"] == fit


def test_documents_of_one_name_are_numbered() -> None:
    part = Media(kind=MediaKind.FILE, data=DATA, name="A.pdf")
    lower = Media(kind=MediaKind.FILE, data=DATA, name="a.pdf")
    result = ToolResult(call_id="t", content=(part,))
    request = foreign(
        said_by(Role.USER, Text(text="see"), part, lower),
        said_by(Role.ASSISTANT, Text(text="b")),
        said_by(Role.TOOL, result),
    )

    first, _, last = written(request)["messages"]

    names = [
        block["document"]["name"] for block in (*first["content"][1:], *last["content"][0]["toolResult"]["content"])
    ]
    assert names == ["A", "a 2", "A 3"]


def test_many_documents_of_one_name_are_numbered_at_once() -> None:
    def writing(count: int) -> Callable[[], object]:
        parts = [Media(kind=MediaKind.FILE, data=DATA, name="a")] * count

        def work() -> None:
            assert content_of(*parts)[-2]["document"]["name"] == f"a {count}"

        return work

    assert_linear(writing, 300)


def test_name_that_is_too_long_for_its_number_is_cut() -> None:
    part = Media(kind=MediaKind.FILE, data=DATA, name="b" * 200)

    names = [block["document"]["name"] for block in content_of(Text(text="see"), part, part, part)[1:]]

    assert names == ["b" * 200, "b" * 190 + " 2", "b" * 190 + " 3"]


def test_document_without_words_is_introduced() -> None:
    part = Media(kind=MediaKind.FILE, text="words", name="a.txt")

    document, words = content_of(part)

    assert document["document"]["source"] == {"text": "words"}
    assert words == {"text": "a.txt"}


@pytest.mark.parametrize(
    ("part", "field"),
    [
        (Media(kind=MediaKind.IMAGE, url="https://a.b/c.png"), "messages[].content[].image"),
        (Media(kind=MediaKind.FILE, file_id="file-1"), "messages[].content[].file_id"),
        (Media(kind=MediaKind.IMAGE), "messages[].content[].image"),
    ],
)
def test_what_bedrock_cannot_fetch_is_refused(part: Media, field: str) -> None:
    with pytest.raises(Untranslatable) as caught:
        content_of(Text(text="a"), part)

    assert caught.value.param == field


def test_place_in_s3_is_understood_from_a_url() -> None:
    (block,) = content_of(Media(kind=MediaKind.IMAGE, url="s3://b/i.png", mime="image/png"))

    assert block == {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/i.png"}}}}


def test_detail_of_an_image_is_left_behind() -> None:
    left = notes()

    content_of(
        Media(kind=MediaKind.IMAGE, data=DATA, detail="high"),
        Media(kind=MediaKind.IMAGE, data=DATA, detail="auto"),
        left=left,
    )

    assert left.dropped == ("messages[].content[].detail",)


def test_introduction_and_citations_of_a_document_are_kept() -> None:
    part = Media(kind=MediaKind.FILE, data=DATA, name="a", context="old", citations=False)

    block = content_of(Text(text="see"), part)[1]["document"]

    assert (block["context"], block["citations"]) == ("old", {"enabled": False})
