"""What the runners of the Python SDKs share: they read tasks from standard input and print what came, a line each.

A task is `{"do", "base", "token", "model"}`. What came is `{"text", "tool_calls", "stop", "usage", "error_class",
"status", "message"}`, the same for every SDK. `js/running.mjs` says the same in JavaScript.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Task = dict[str, Any]
Result = dict[str, Any]

QUESTION = "What is the weather in Paris?"
TOOL = "get_weather"
TOOL_TEXT = "Tells the weather of a city."
TOOL_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL_RESULT = "sunny-4711"
ANSWER_NAME = "forecast"
ANSWER_SCHEMA = {
    "type": "object",
    "properties": {"chance_of_rain": {"type": "string"}},
    "required": ["chance_of_rain"],
    "additionalProperties": False,
}
IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A PNG of one pixel, in base64."""
IMAGE_URL = f"data:image/png;base64,{IMAGE}"
MOST_TOKENS = 256
TIMEOUT_S = 30

STOPS = {
    **dict.fromkeys(("stop", "end_turn", "stop_sequence", "COMPLETE", "STOP", "completed"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "MAX_TOKENS", "max_output_tokens"), "length"),
    **dict.fromkeys(("tool_calls", "tool-calls", "tool_use", "TOOL_CALL", "function_call"), "tools"),
    **dict.fromkeys(("content_filter", "refusal", "SAFETY", "ERROR_TOXIC"), "filter"),
}


def result(text: str | None, calls: Iterable[tuple[str, Any]], stop: object, tokens: tuple[int, int] | None) -> Result:
    """Say what came in the words that all runners share; `calls` are names and arguments, as text or read."""
    found = [{"name": name, "arguments": json.loads(given or "{}") if isinstance(given, str) else given or {}}
             for name, given in calls]  # fmt: skip
    word = str(getattr(stop, "value", stop) or "")
    usage = {"input": tokens[0], "output": tokens[1]} if tokens else None
    # Some say `stop` of an answer that calls tools.
    return {
        "text": text or "",
        "tool_calls": found,
        "stop": "tools" if found else STOPS.get(word, word),
        "usage": usage,
    }


def status_of(exc: Exception) -> int | None:
    """Find the status of an answer that an SDK raised; each keeps it elsewhere."""
    answer = getattr(exc, "response", None)
    inside = answer.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(answer, dict) else None
    found = getattr(exc, "status_code", None) or getattr(exc, "code", None) or inside
    return found if isinstance(found, int) else None


def run(features: Mapping[str, Callable[[Task], Result]]) -> None:
    """Carry out tasks until standard input ends.  What an SDK prints goes to standard error."""
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        task = json.loads(line)
        try:
            found = features[task["do"]](task)
        except Exception as exc:  # whatever the SDK raises is what its user would get
            found = {"error_class": type(exc).__name__, "status": status_of(exc), "message": str(exc)[:500]}
        print(json.dumps(found), file=out, flush=True)
