"""What this dialect calls things that all dialects have.

https://docs.anthropic.com/en/api/messages and the types of Anthropic's Python SDK 2.14 (read 2026-11).
"""

from collections.abc import Mapping

from tollbridge.formats import Stop

NAME = "anthropic-messages"

STOPS: Mapping[str, Stop] = {
    "end_turn": Stop.END,
    "stop_sequence": Stop.STOP_SEQUENCE,
    "max_tokens": Stop.LENGTH,
    "tool_use": Stop.TOOL_CALLS,
    "pause_turn": Stop.PAUSE,
    "compaction": Stop.PAUSE,
    "refusal": Stop.REFUSAL,
    "model_context_window_exceeded": Stop.CONTEXT,
}
SAID: Mapping[Stop, str] = {
    Stop.END: "end_turn",
    Stop.STOP_SEQUENCE: "stop_sequence",
    Stop.LENGTH: "max_tokens",
    Stop.TOOL_CALLS: "tool_use",
    Stop.FILTER: "refusal",
    Stop.REFUSAL: "refusal",
    Stop.PAUSE: "pause_turn",
    Stop.CONTEXT: "model_context_window_exceeded",
    Stop.BROKEN_CALL: "end_turn",
    Stop.OTHER: "end_turn",
}
"""A broken call is no call here, and what has no word of its own ended the turn."""

TIERS: Mapping[str, str] = {"standard": "standard", "default": "standard", "priority": "priority", "batch": "batch"}
"""What a service tier that was given is called here; others are not told."""

_TOOL_PREFIXES: Mapping[str, str] = {
    "web_search": "web_search",
    "web_fetch": "web_fetch",
    "code_execution": "code_execution",
    "bash_code_execution": "code_execution",
    "text_editor_code_execution": "code_execution",
    "tool_search": "tool_search",
    "computer": "computer",
    "mcp": "mcp",
}


def server_tool(name: str) -> str:
    """Give our word for a tool that Anthropic defined, by its name or type; empty where we have none."""
    return next((tool for prefix, tool in _TOOL_PREFIXES.items() if name.startswith(prefix)), "")
