"""Tools that are no functions."""

from typing import Any

import pytest

from tollbridge.errors import Untranslatable
from tollbridge.formats import KeyedSeal, Notes, ServerTool, Tool, write_special


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


def test_tool_that_takes_free_text_is_refused(notes: Notes) -> None:
    with pytest.raises(Untranslatable, match="free text"):
        write_special(Tool(name="t", custom={}), notes, native=True)
