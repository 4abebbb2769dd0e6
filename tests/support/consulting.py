"""A kind of service for tests that asks a model for each call of it, and tells what it said."""

from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send
from tests.support.answering import Answering, AnsweringService

from tollbridge import Gateway
from tollbridge.asking import Ask
from tollbridge.formats import Message, Request, Role, Text
from tollbridge.services.kinds import Running


class Consulting(Answering):
    """The kind `consulting`; what a definition names first of its models is asked."""

    name = "consulting"

    def serve(self, gateway: Gateway, running: Running) -> "ConsultingService":
        return ConsultingService(self, running, gateway)


class ConsultingService(AnsweringService):
    """A release that asks."""

    def __init__(self, kind: Consulting, running: Running, gateway: Gateway) -> None:
        super().__init__(kind, running)
        self._gateway = gateway
        self._asked = running.definition

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        words = Message(role=Role.USER, parts=(Text(text=self._asked.text),))
        ask = Ask(model=self._asked.models[0], request=Request(origin="test", model="", messages=(words,)))
        answered = await self._gateway.asking.ask(scope["tollbridge"], ask)
        said: list[Any] = [part.text for part in answered.response.choices[0].parts if isinstance(part, Text)]
        body = msgspec.json.encode({"said": said})
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})
