"""Gemini keeps the laws of every codec."""

import json

from tollbridge.formats import Conversation
from tollbridge.testing.conversation_contract import ConversationContract
from tollbridge_gemini.codec import GENERATE_CODEC


def error_body(status: int) -> bytes:
    return json.dumps({"error": {"code": status, "message": "that is too bad"}}).encode()


class TestGemini(ConversationContract):
    codec: Conversation = GENERATE_CODEC
    error_body = staticmethod(error_body)
