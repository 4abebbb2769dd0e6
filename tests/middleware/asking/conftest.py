"""A gateway whose providers follow a script, and a call that is under way in it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.support.scripted import JSON, Answer, Script

from tollbridge.asking import Account, Answered, Ask
from tollbridge.call import Call, open_call
from tollbridge.config import load_config
from tollbridge.formats import AnyEvent, Message, Request, Role, Text
from tollbridge.gateway import Gateway
from tollbridge.jobsettings import JobsConfig
from tollbridge.metering.ledger import UsageRow
from tollbridge.testing import FixedClock

PRICE = {"input": "1", "output": "2"}
"""Dollars for a million tokens: 1,000 and 2,000 nano-dollars for one."""
CONFIG: dict[str, Any] = {
    "providers": {
        "first": {"base_url": "https://first.example/v1", "api_key": "env:KEY"},
        "other": {"base_url": "https://other.example", "api_key": "env:KEY", "dialect": "anthropic-messages"},
    },
    "models": {
        "one": {"targets": ["first/m1"], "price": PRICE},
        "two": {"targets": ["first/m1", "other/m2"], "price": PRICE},
        "free": {"targets": ["first/m3"]},
    },
    "logging": {"access": False},
}
USAGE = {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}
COST = 30 * 1_000 + 5 * 2_000
CHAT = msgspec.json.encode(
    {
        "id": "c1",
        "model": "m1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}],
        "usage": USAGE,
    }
)
CLAUDE = msgspec.json.encode(
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m2",
        "content": [{"type": "text", "text": "Bonjour."}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 30, "output_tokens": 5},
    }
)


def event(**said: object) -> bytes:
    return b"data: %b\n\n" % msgspec.json.encode({"id": "c1", "model": "m1", **said})


def piece(text: str) -> bytes:
    return event(choices=[{"index": 0, "delta": {"content": text}}])


ENDING = (
    event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]),
    event(choices=[], usage=USAGE),
    b"data: [DONE]\n\n",
)


def whole(body: bytes = CHAT, status: int = 200, headers: Any = JSON) -> Answer:
    return Answer(body, status=status, headers=list(headers))


def hello(text: str = "Hello", **fields: Any) -> Request:
    return Request(origin="test", model="", messages=(Message(role=Role.USER, parts=(Text(text=text),)),), **fields)


def to(
    model: str = "one", text: str = "Hello", *, strict: bool = False, limit: int | None = None, **fields: Any
) -> Ask:
    return Ask(model=model, request=hello(text, **fields), strict=strict, max_output=limit)


def texts(events: list[Any]) -> list[str]:
    return [each.text for each in events if hasattr(each, "text")]


@dataclass(frozen=True)
class Inside:
    """A gateway, its providers, and a call of a token that is under way."""

    gateway: Gateway
    script: Script
    outer: Call
    clock: FixedClock

    async def ask(self, ask: Ask | None = None) -> Answered:
        return await self.gateway.asking.ask(self.outer, ask or to())

    async def stream(self, ask: Ask | None = None) -> list[AnyEvent | Account]:
        return await self.hear([], ask)

    async def hear(self, heard: list[AnyEvent | Account], ask: Ask | None = None) -> list[AnyEvent | Account]:
        """Put what is streamed into a list, as it comes."""
        async for each in self.gateway.asking.stream(self.outer, ask or to()):
            heard.append(each)
        return heard

    def sent(self, place: int = -1) -> Any:
        """Give a body that a provider was sent, the last one unless another is meant."""
        return msgspec.json.decode(self.script.sent[place].body)

    async def rows(self) -> list[UsageRow]:
        """Give what the ledger has, once all is settled."""
        await self.gateway.asking.settled()
        return list(await self.gateway.store.recent())

    async def row(self) -> UsageRow:
        (row,) = await self.rows()
        return row


@pytest.fixture
def inside(tmp_path) -> Callable[..., Any]:
    """Give `async with inside(*steps, plugins=..., token=..., **sections) as there`; its token may call no model."""

    @asynccontextmanager
    async def make(
        *steps: Any, plugins: tuple[object, ...] = (), token: Any = None, headers: Any = (), **sections: Any
    ) -> AsyncIterator[Inside]:
        script, clock = Script(*steps), FixedClock()
        config = replace(load_config({**CONFIG, **sections}, {}), data=tmp_path, jobs=JobsConfig(enabled=False))
        gateway = Gateway(config, transport=script, clock=clock, env={"KEY": "sk-1"}, plugins=plugins)
        async with gateway:
            issued = await gateway.tokens.issue(name="t", scopes=["service:summaries:*"], **(token or {}))
            scope = {"type": "http", "path": "/v1/apis/summaries", "headers": list(headers), "client": ("192.0.2.7", 1)}
            outer = open_call(scope, clock)
            outer.principal = await gateway.store.find_holder(issued.token.id)
            outer.service = "summaries"
            yield Inside(gateway, script, outer, clock)

    return make


def dollars(nano: int) -> str:
    return str(Decimal(nano) / 10**9)
