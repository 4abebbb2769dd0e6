"""What an answer repeats of its request: the official schema requires most of it.

https://platform.openai.com/docs/api-reference/responses/object, read 2026-11. Defaults are OpenAI's.
"""

from tollbridge.formats import JSON, Notes, Request
from tollbridge_openai.responses_content import NAME
from tollbridge_openai.responses_messages import InputWriter
from tollbridge_openai.responses_tools import write_choice, write_tools
from tollbridge_openai.responses_writing import write_text_options, write_thinking

BEFORE, KEPT = "previous_response_id:", "kept"
"""How a request is spelled whose conversation was put into it, and one whose answer will be kept here."""


def echo(request: Request, notes: Notes) -> dict[str, JSON]:
    """Give what was asked for, defaults filled in.  Nothing of an answer is stored, unless it was asked for."""
    native = request.origin == NAME
    aside = Notes(notes.seal)
    asked = request.extras if native else {}
    older = "safety_identifier" in request.spelling
    return {
        "background": False,
        "completed_at": None,
        "instructions": InputWriter(request, aside).instructions(),
        "max_output_tokens": request.max_output,
        "max_tool_calls": asked.get("max_tool_calls"),
        "metadata": request.metadata or {},
        "parallel_tool_calls": True if request.parallel_tools is None else request.parallel_tools,
        "previous_response_id": next((x.removeprefix(BEFORE) for x in request.spelling if x.startswith(BEFORE)), None),
        "prompt_cache_key": request.cache_key,
        "prompt_cache_retention": asked.get("prompt_cache_retention"),
        "reasoning": {"effort": None, "summary": None, **(_thinking(request, aside, native=native) or {})},
        "safety_identifier": request.user if older else None,
        "service_tier": "default",
        "store": bool(request.store) or KEPT in request.spelling,
        "temperature": 1 if request.temperature is None else request.temperature,
        "text": {"format": {"type": "text"}, **(write_text_options(request, aside, native=native) or {})},
        "tool_choice": write_choice(request, aside, native=native) or "auto",
        "tools": [_whole(tool) for tool in write_tools(request, aside, native=native) or ()],
        "top_logprobs": request.top_logprobs or 0,
        "top_p": 1 if request.top_p is None else request.top_p,
        "truncation": asked.get("truncation") or "disabled",
        "user": None if older else request.user,
    }


def _thinking(request: Request, notes: Notes, *, native: bool) -> dict[str, JSON] | None:
    told = write_thinking(request.thinking, notes, native=native)
    return told if isinstance(told, dict) else None


def _whole(tool: JSON) -> JSON:
    """Give a tool with what the schema of an answer requires of it."""
    if isinstance(tool, dict) and tool.get("type") == "function":
        return {"parameters": None, "strict": None, **tool}
    return tool
