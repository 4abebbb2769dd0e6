"""An estimate of tokens counts everything that is said."""

import pytest

from tollbridge.formats.conversation import Format, FormatKind, Message, Request, Role, ServerTool, Tool
from tollbridge.formats.counting import A_MESSAGE, A_PICTURE, estimated_tokens
from tollbridge.formats.parts import (
    AnyPart,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)


def asked(*parts: AnyPart, **fields: object) -> Request:
    message = Message(role=Role.USER, parts=parts)
    return Request(origin="a", model="m", messages=(message,), **fields)  # type: ignore[arg-type]  # fields of a test


@pytest.mark.parametrize(
    ("part", "tokens"),
    [
        (Text(text="x" * 40), 10),
        (Text(text="\u4f60\u597d"), 2),  # 6 bytes
        (Text(text="\ud800"), 1),
        (Refusal(text="x" * 5), 2),
        (Reasoning(text="x" * 4), 1),
        (ToolCall(id="1", name="nnnn", arguments='{"a"'), 2),
        (ToolResult(call_id="1", content=(Text(text="x" * 8),)), 2),
        (Media(kind=MediaKind.IMAGE, data="AA=="), A_PICTURE),
        (Media(kind=MediaKind.FILE, text="x" * 12), 3),
        (Opaque(kind="k", raw={"a": 1}), 2),  # 7 bytes
    ],
)
def test_part_counts(part: AnyPart, tokens: int) -> None:
    assert estimated_tokens(asked(part)) == tokens + A_MESSAGE


def test_tools_and_the_shape_of_the_answer_count() -> None:
    tools = (Tool(name="n", schema={"type": "object"}), ServerTool(tool="web_search"))
    shape = Format(kind=FormatKind.SCHEMA, schema={"type": "object"})

    assert estimated_tokens(asked(tools=tools)) > A_MESSAGE
    assert estimated_tokens(asked(format=shape)) == 5 + A_MESSAGE  # 17 bytes
    assert estimated_tokens(asked(format=Format(kind=FormatKind.JSON))) == A_MESSAGE
