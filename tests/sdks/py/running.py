"""What the runners of the Python SDKs share: they read tasks from standard input and print what came, a line each.

A task is `{"do", "base", "token", "model"}`. What came is the same for every SDK: `{"text", "tool_calls", "stop",
"usage"}` of a conversation, `{"vectors", "usage"}` of embeddings, `{"ranks", "usage"}`, `{"tokens", "estimated"}` of a
count, `{"models"}`; or `{"error_class", "status", "message"}`. `js/running.mjs` says the same in JavaScript.
"""

import base64
import json
import os
import struct
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

Task = dict[str, Any]
Result = dict[str, Any]
Client = TypeVar("Client")

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
SYSTEM = "You are a terse assistant."
TEXT = "Ruby is a programmer's best friend"
TEXTS = ["Ruby", "Python", "JavaScript"]
DIMENSIONS = 512
QUERY = "What is the capital of France?"
DOCUMENTS = ["Paris is the capital of France.", "London is the capital of England.", "Berlin is a city in Germany."]
BEST = 2
ESTIMATED = "x-tollbridge-estimated"
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


def embedded(vectors: Iterable[Sequence[float]], **usage: int | None) -> Result:
    """Say what embeddings came, each as the bytes of 32-bit floats; `usage` where the SDK has a place for it."""
    packed = [base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode() for vector in vectors]
    return {"vectors": packed, **usage}


def unpacked(text: str) -> Sequence[float]:
    """Give the floats that base64 holds."""
    data = base64.b64decode(text)
    return struct.unpack(f"<{len(data) // 4}f", data)


def counted(tokens: int | None, estimated: str | None) -> Result:
    """Say what was counted, and what the header says of it."""
    return {"tokens": tokens, "estimated": estimated}


def listed(*names: str) -> Result:
    """Say which models there are, whatever their vendor puts before their names."""
    return {"models": sorted(name.removeprefix("models/") for name in names)}


def lasting(make: Callable[[Task], Client]) -> Callable[[Task], Client]:
    """Keep the client of each base and token, as programs do: reading all certificates takes longer than a call."""
    kept: dict[tuple[str, str], Client] = {}

    def client(task: Task) -> Client:
        key = task["base"], task["token"]
        if key not in kept:
            kept[key] = make(task)
        return kept[key]

    return client


def status_of(exc: Exception) -> int | None:
    """Find the status of an answer that an SDK raised; each keeps it elsewhere."""
    answer = getattr(exc, "response", None)
    inside = answer.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(answer, dict) else None
    outside = getattr(answer, "status_code", None)
    found = getattr(exc, "status_code", None) or getattr(exc, "code", None) or inside or outside
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
    os._exit(0)  # taking an SDK's modules down takes as long as loading them
