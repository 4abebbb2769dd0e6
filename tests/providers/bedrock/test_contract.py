"""Converse keeps the laws of every codec."""

import json

from tollbridge.formats import Conversation
from tollbridge.testing.conversation_contract import ConversationContract
from tollbridge_bedrock.codec import CONVERSE_CODEC


def error_body(status: int) -> bytes:
    return json.dumps({"message": "that is too bad"}).encode()


class TestConverse(ConversationContract):
    codec: Conversation = CONVERSE_CODEC
    error_body = staticmethod(error_body)
