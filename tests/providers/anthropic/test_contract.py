"""The laws every codec of conversations keeps, for this one."""

import json
from collections.abc import Callable

from tollbridge.testing.conversation_contract import ConversationContract
from tollbridge_anthropic.codec import MessagesCodec

TYPES = {403: "permission_error", 404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error"}


def refusal(status: int) -> bytes:
    kind = TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    return json.dumps({"type": "error", "error": {"type": kind, "message": "too bad"}}).encode()


class TestMessages(ConversationContract):
    codec = MessagesCodec()
    error_body: Callable[[int], bytes] = staticmethod(refusal)
