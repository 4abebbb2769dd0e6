"""The words of Converse that several modules know."""

import re
from collections.abc import Mapping

from tollbridge.formats import Role, Stop

NAME = "bedrock-converse"

OWN_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
"""What Bedrock takes as the id of a tool's use (its API model in botocore 1.44)."""
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")

WIRE_ROLES: Mapping[Role, str] = {
    Role.SYSTEM: "system",
    Role.DEVELOPER: "system",
    Role.USER: "user",
    Role.TOOL: "user",
    Role.ASSISTANT: "assistant",
}

STOPS: Mapping[str, Stop] = {
    "end_turn": Stop.END,
    "tool_use": Stop.TOOL_CALLS,
    "max_tokens": Stop.LENGTH,
    "stop_sequence": Stop.STOP_SEQUENCE,
    "guardrail_intervened": Stop.FILTER,
    "content_filtered": Stop.FILTER,
    "refusal": Stop.REFUSAL,
    "pause_turn": Stop.PAUSE,
    "malformed_model_output": Stop.OTHER,
    "malformed_tool_use": Stop.BROKEN_CALL,
    "model_context_window_exceeded": Stop.CONTEXT,
}
_SAID: Mapping[Stop, str] = {
    Stop.TOOL_CALLS: "tool_use",
    Stop.LENGTH: "max_tokens",
    Stop.STOP_SEQUENCE: "stop_sequence",
    Stop.FILTER: "content_filtered",
    Stop.REFUSAL: "content_filtered",
    Stop.BROKEN_CALL: "malformed_tool_use",
    Stop.CONTEXT: "model_context_window_exceeded",
}

SERVER_USE = "server_tool_use"
"""The `type` of a tool's use that Bedrock sees to itself."""
GROUNDING = "nova_grounding"
SYSTEM_TOOLS: Mapping[str, str] = {GROUNDING: "web_search", "nova_code_interpreter": "code_execution"}
"""Tools that Nova runs itself (https://docs.aws.amazon.com/nova/latest/nova2-userguide/using-tools.html, 2026-11)."""


def said_of(stop: Stop | None, said: str | None, *, native: bool) -> str | None:
    """Give the `stopReason`."""
    if native:
        return said
    return "end_turn" if stop is None else _SAID.get(stop, "end_turn")
