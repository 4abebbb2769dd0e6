"""Chat completions keep the laws of every codec."""

import json

import pytest

from tollbridge.formats import Conversation
from tollbridge.testing.conversation_contract import ConversationContract
from tollbridge_openai.chat_codec import ChatCodec

pytestmark = pytest.mark.traced


def error_body(status: int) -> bytes:
    return json.dumps({"error": {"message": "that is too bad", "type": "x", "param": None, "code": None}}).encode()


class TestChat(ConversationContract):
    codec: Conversation = ChatCodec()
    error_body = staticmethod(error_body)
