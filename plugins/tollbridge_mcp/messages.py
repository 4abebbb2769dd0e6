"""One message of MCP as it came, before the SDK sees it: small enough, shallow enough, and one request of JSON-RPC.

The SDK's own words about what it cannot read quote it at length; so nothing gets there that it could not read.
"""

from typing import Any

import msgspec

from tollbridge import BadRequest, GatewayError
from tollbridge.administering import BodyTooLarge, check_json_depth

LARGEST = 4 * 1024 * 1024
"""Bytes of a request."""
DEEPEST = 64
_LONGEST_METHOD = 100
_LONGEST_ID = 200
_REFUSED = -32_000
"""A server's own error (JSON-RPC 2.0, section 5.1)."""


class Envelope(msgspec.Struct, frozen=True):
    """What is asked for; `id` is None for a notification."""

    method: str
    id: str | int | None
    params: Any


def read_message(body: bytes) -> Envelope:
    """Read a message; raises `BadRequest` for what is none, `BodyTooLarge` for what is too large or too deep."""
    if len(body) > LARGEST:
        raise BodyTooLarge(f"the message is over {LARGEST} bytes")
    check_json_depth(body, DEEPEST)
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise BadRequest("the body must be one JSON-RPC message in UTF-8") from None
    if not isinstance(found, dict) or found.get("jsonrpc") != "2.0":
        raise BadRequest("the body must be one JSON-RPC 2.0 request or notification, not a batch or an answer")
    method, id = found.get("method"), found.get("id")
    if not isinstance(method, str) or not 0 < len(method) <= _LONGEST_METHOD or not method.isprintable():
        raise BadRequest(f"'method' must be a name of at most {_LONGEST_METHOD} characters")
    if "id" in found and (isinstance(id, bool) or not isinstance(id, str | int) or len(str(id)) > _LONGEST_ID):
        raise BadRequest(f"'id' must be a string or a whole number of at most {_LONGEST_ID} characters")
    if not isinstance(found.get("params", {}), dict):
        raise BadRequest("'params' must be an object")
    return Envelope(method, id if "id" in found else None, found.get("params"))


def write_refusal(id: str | int | None, error: GatewayError) -> bytes:
    """Write what is refused as JSON-RPC has it; `id` is None where no message could be read."""
    told = {"code": _REFUSED, "message": error.message, "data": {"code": error.code}}
    return msgspec.json.encode({"jsonrpc": "2.0", "id": id, "error": told})
