"""From a request to the plan of its answer.  Pure: the server only carries it out."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tollbridge_echo.asked import NAMES
from tollbridge_echo.chat import plan_chat
from tollbridge_echo.plans import Plan, refusal_plan, whole_plan
from tollbridge_echo.refusals import Refusal
from tollbridge_echo.script import Script
from tollbridge_echo.vectors import plan_embeddings

_ANSWERED: Mapping[str, Callable[[Mapping[str, Any]], Plan]] = {
    "/v1/chat/completions": plan_chat,
    "/v1/embeddings": plan_embeddings,
}


def plan_answer(method: str, path: str, body: bytes) -> Plan:
    """Plan the answer to a request.  Never raises."""
    answer = _ANSWERED.get(path)
    if path == "/v1/models" and method == "GET":
        return whole_plan({"object": "list", "data": [_model(name) for name in NAMES]}, Script())
    if answer is None or method != "POST":
        return refusal_plan(Refusal(f"there is nothing at {method[:20]} {path[:200]}", status=404, code="not_found"))
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    try:
        if not isinstance(value, dict):
            raise Refusal("the body is no JSON object")
        return answer(value)
    except Refusal as refusal:
        return refusal_plan(refusal)


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "echo"}
