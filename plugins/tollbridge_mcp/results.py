"""From a service's answer to what a tool gives."""

import base64
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tollbridge.administering import BodyTooLarge, check_json_depth
from tollbridge_mcp.invoking import Answer
from tollbridge_mcp.model import ToolResult, failure, text_block

DEEPEST_ANSWER = 100
"""Levels of JSON that a tool gives as such: clients read it by recursion."""
TOO_DEEP = f"what the tool gives is nested deeper than {DEEPEST_ANSWER} levels"
_JSON = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json|text/json")
_KIND = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}")
_TEXT = frozenset(
    ("application/xml", "application/javascript", "application/x-ndjson", "application/yaml", "application/sql")
)
_NO_JSON = (msgspec.MsgspecError, ValueError, RecursionError)
_NAMED = ("detail", "message", "title", "error_description", "error")


def result_of(answer: Answer, *, wrapped: bool = False, promised: bool = False) -> ToolResult:
    """Give what a tool gives for an answer.

    JSON that is an object, or `wrapped` into one, comes as such and as text. `promised`: the tool said what its JSON is
    like, so an answer without any is a failure.
    """
    return msgspec.structs.replace(_result(answer, wrapped, promised), call_id=answer.call_id)


def _result(answer: Answer, wrapped: bool, promised: bool) -> ToolResult:
    kind = answer.header(b"content-type").partition(";")[0].strip().lower()
    if not 200 <= answer.status < 300:
        return failure(_refusal(answer, kind))
    if _JSON.fullmatch(kind) and answer.body:
        return _json(answer, wrapped, promised)
    if promised:
        return failure(f"the service answered {answer.status} without the JSON that its document promises")
    return ToolResult((_block(answer, kind),))


def is_deep(body: bytes) -> bool:
    """Whether JSON is nested deeper than clients can be expected to read."""
    try:
        check_json_depth(body, DEEPEST_ANSWER)
    except BodyTooLarge:
        return True
    return False


def _json(answer: Answer, wrapped: bool, promised: bool) -> ToolResult:
    try:
        found = msgspec.json.decode(answer.body)
    except _NO_JSON:
        return failure("the service answered with something that says to be JSON and is none")
    text = text_block(answer.body.decode("utf-8", "replace"))
    if is_deep(answer.body):
        return failure(TOO_DEEP) if promised else ToolResult((text,))
    if wrapped:
        return ToolResult((text,), {"result": found})
    return ToolResult((text,), found if isinstance(found, dict) else None)


def _block(answer: Answer, kind: str) -> Mapping[str, Any]:
    if not answer.body:
        return text_block(f"done ({answer.status})")
    if kind.startswith("text/") or kind in _TEXT or kind.endswith("+xml"):
        return text_block(answer.body.decode("utf-8", "replace"))
    content = base64.b64encode(answer.body).decode("ascii")
    if not _KIND.fullmatch(kind):
        kind = "application/octet-stream"
    for medium in ("image", "audio"):
        if kind.startswith(f"{medium}/"):
            return {"type": medium, "data": content, "mimeType": kind}
    return {"type": "resource", "resource": {"uri": "tollbridge:answer", "mimeType": kind, "blob": content}}


def _refusal(answer: Answer, kind: str) -> str:
    said = ""
    if _JSON.fullmatch(kind):
        said = _said(answer.body)
    elif kind == "text/plain":
        said = answer.body.decode("utf-8", "replace").strip()
    again = answer.header(b"retry-after")
    wait = f" (retry after {again} s)" if again.isascii() and again.isdigit() and len(again) < 10 else ""
    return (
        f"the service answered {answer.status}{wait}: {said}" if said else f"the service answered {answer.status}{wait}"
    )


def _said(body: bytes) -> str:
    """Give the sentence of a problem (RFC 9457), or of an error as most APIs write it; else the JSON itself."""
    try:
        found = msgspec.json.decode(body)
    except _NO_JSON:
        return ""
    inside = found.get("error") if isinstance(found, dict) else None
    for each in (inside, found):
        if isinstance(each, dict):
            for name in _NAMED:
                if isinstance(each.get(name), str) and each[name]:
                    text: str = each[name]
                    return text
    return body.decode("utf-8", "replace")
