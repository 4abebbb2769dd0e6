"""Where a secret may be handed over to."""

import pytest

from tollbridge.errors import BadRequest
from tollbridge.rotation.sinks import Into, NewSecret, parse_into

HOOK = "webhook:whk_019ab3c4d5e6f708192a3b4c5d6e"


@pytest.mark.parametrize("text", [HOOK, "file:shop", "file:a/b-c/d_e.txt", "hook:vault"])
def test_place_reads_as_it_is_written(text: str) -> None:
    assert str(parse_into(text)) == text
    assert parse_into("file:a/b") == Into("file", "a/b")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "file",
            "file:",
            "shop",
            "ftp:x",
            "webhook:whk_1",
            "webhook:tok_019ab3c4d5e6f708192a3b4c5d6e",
            "hook:",
            "hook:a b",
        ),
        *(
            "file:/etc/passwd",
            "file:../x",
            "file:a/../x",
            "file:a/./b",
            "file:.ssh",
            "file:a/.b",
            "file:a//b",
            "file:a/",
        ),
        *(
            "file:a\\b",
            "file:a\0b",
            "file:a b",
            "file:ä",
            "file:a\n",
            "file:~x",
            "file:a/b/c/d/e/f/g/h/i",
            "file:" + "x" * 101,
        ),
    ],
)
def test_what_is_no_place_or_leaves_the_folder_is_refused(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_into(text)

    assert caught.value.param == "into"


def test_secret_is_in_no_text() -> None:
    assert "tb_x" not in repr(NewSecret("msg_1", "tok_1", "shop", "", "hint", None, "tb_x"))
