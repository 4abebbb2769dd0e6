"""The laws every codec of conversations keeps, for `cloudflare-run`."""

import json

from tollbridge.testing.conversation_contract import ConversationContract
from tollbridge_cloudflare.codec import RUN_CODEC


def error_body(status: int) -> bytes:
    return json.dumps({"result": None, "success": False, "errors": [{"code": 1, "message": "too bad"}]}).encode()


class TestRun(ConversationContract):
    codec = RUN_CODEC
    error_body = staticmethod(error_body)
