"""The Responses API keeps the laws of every codec."""

import json

from tollbridge.formats import Conversation
from tollbridge.testing.conversation_contract import ConversationContract
from tollbridge_openai.responses_codec import RESPONSES_CODEC


def error_body(status: int) -> bytes:
    return json.dumps({"error": {"message": "that is too bad", "type": "x", "param": None, "code": None}}).encode()


class TestResponses(ConversationContract):
    codec: Conversation = RESPONSES_CODEC
    error_body = staticmethod(error_body)
