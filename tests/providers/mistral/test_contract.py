"""Mistral's chat keeps the laws of every codec."""

import json

from tollbridge.formats import Conversation
from tollbridge.testing.conversation_contract import ConversationContract
from tollbridge_mistral.chat_codec import CHAT_CODEC


def error_body(status: int) -> bytes:
    return json.dumps({"object": "error", "message": "that is too bad"}).encode()


class TestChat(ConversationContract):
    codec: Conversation = CHAT_CODEC
    error_body = staticmethod(error_body)
