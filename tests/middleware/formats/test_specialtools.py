"""Tools that are no functions."""

from typing import Any

import pytest

from tollbridge.formats import (
    ChoiceMode,
    KeyedSeal,
    Notes,
    Request,
    ServerTool,
    ToolChoice,
    known_choice,
    write_special,
)


@pytest.fixture
def notes() -> Notes:
    return Notes(KeyedSeal(b"k"))


def test_callers_own_tool_stays_as_it_came(notes: Notes) -> None:
    assert write_special(ServerTool(tool="web_search", raw={"type": "w"}), notes, native=True) == [{"type": "w"}]
    assert notes.dropped == ()


@pytest.mark.parametrize(
    ("tool", "dropped"),
    [
        (ServerTool(tool="web_search", raw={"type": "w"}), "tools[].web_search"),
        (ServerTool(tool="", raw={"type": "w"}), "tools[].w"),
        (ServerTool(tool="", raw=5), "tools[].server_tool"),
    ],
)
def test_tool_of_another_dialect_is_dropped_by_its_name(tool: Any, dropped: str, notes: Notes) -> None:
    assert write_special(tool, notes, native=False) == []
    assert notes.dropped == (dropped,)


@pytest.mark.parametrize(
    ("choice", "known"),
    [
        (None, True),
        (ToolChoice(mode=ChoiceMode.REQUIRED), True),
        (ToolChoice(mode=ChoiceMode.AUTO, names=("f",), raw={"x": 1}), True),
        (ToolChoice(mode=ChoiceMode.REQUIRED, raw={"type": "odd"}), False),
    ],
)
def test_choice_that_only_its_own_dialect_knows_is_dropped(choice: Any, known: bool, notes: Notes) -> None:
    asked = Request(origin="a", model="m", messages=(), choice=choice)

    assert known_choice(asked, notes) == (choice if known else None)
    assert notes.dropped == (() if known else ("choice",))
