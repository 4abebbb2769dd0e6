"""Tools that are no functions, and choices that are of no tool, for dialects that know none but their own."""

from tollbridge.formats.conversation import Request, ServerTool, ToolChoice
from tollbridge.formats.notes import Notes
from tollbridge.formats.values import JSON


def write_special(tool: ServerTool, notes: Notes, *, native: bool) -> list[JSON]:
    """Write a tool of a provider's own: a caller's as it came, another's is dropped."""
    if native:
        return [tool.raw]
    kind = tool.tool or (tool.raw.get("type") if isinstance(tool.raw, dict) else None)
    notes.drop(f"tools[].{kind or 'server_tool'}")
    return []


def known_choice(request: Request, notes: Notes) -> ToolChoice | None:
    """Give what a request of another dialect says of its tools; what only that dialect knows is dropped as `choice`."""
    choice = request.choice
    if choice is None or choice.raw is None or choice.names:
        return choice
    notes.drop("choice")
    return None
