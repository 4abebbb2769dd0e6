"""Tools that are no functions, for dialects that know none but their own."""

from tollbridge.formats.conversation import AnyTool, ServerTool, Tool
from tollbridge.formats.notes import Notes
from tollbridge.formats.values import JSON


def write_special(tool: AnyTool, notes: Notes, *, native: bool) -> list[JSON]:
    """Write a tool that is no function: a caller's own as it came, another's is dropped; refuses one of free text."""
    if native and isinstance(tool, ServerTool):
        return [tool.raw]
    if isinstance(tool, Tool):
        notes.refuse("tools[].custom", "the model behind this name has no tools that take free text")
    kind = tool.tool or (tool.raw.get("type") if isinstance(tool.raw, dict) else None)
    notes.drop(f"tools[].{kind or 'server_tool'}")
    return []
