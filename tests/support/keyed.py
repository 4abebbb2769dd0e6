"""An upstream that knows keys, and gateways before it whose keys are in the database."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tollbridge import Gateway, load_config
from tollbridge.errors import UpstreamUnreachable
from tollbridge.testing import FakeUpstream, FixedClock, GatewayUnderTest
from tollbridge.testing.fake import FakeAnswer, Reply
from tollbridge.testing.gateway import NOON
from tollbridge.transport.base import UpstreamRequest, UpstreamResponse

MOCK = {"base_url": "https://mock.example/v1", "dialect": "openai-chat", "api_key": "stored:mock"}
OTHER = {"base_url": "https://other.example/v1", "dialect": "openai-chat", "api_key": "stored:other"}
CONFIG = {"providers": {"mock": MOCK}, "models": {"m": {"targets": ["mock/m"], "price": {"input": "1", "output": "1"}}}}
OLD_KEY, NEW_KEY = "sk-old-00000000-1111-aaaa", "sk-new-00000000-2222-bbbb"


class KeyedUpstream(FakeUpstream):
    """Answers whoever shows one of `keys` as a Bearer token, those of `forbidden` with 403, others with `status`."""

    def __init__(self, *keys: str, status: int = 401) -> None:
        super().__init__()
        self.keys = set(keys)
        self.status = status
        self.away = False
        self.anybody: set[str] = set()
        self.forbidden: set[str] = set()

    @property
    def shown(self) -> list[str]:
        """The keys that were shown, in order; empty where none was."""
        return [sent.headers.get("authorization", "").removeprefix("Bearer ") for sent in self.sent]

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        if self.away:
            raise UpstreamUnreachable("the provider cannot be reached")
        assert [name for name, _ in request.headers].count(b"authorization") <= 1, "two keys were shown at once"
        answer = await super().send(request)
        if self.shown[-1] in self.keys or request.url in self.anybody:
            return answer
        status = 403 if self.shown[-1] in self.forbidden else self.status
        return FakeAnswer(Reply(status=status, body=b'{"error": {"message": "no such key"}}'))


def keyed_gateway(
    data: Path, upstream: FakeUpstream, config: Any = None, *, env: Any = None, plugins: Any = ()
) -> GatewayUnderTest:
    """Build a gateway; two over one folder share their database, as two workers do."""
    clock = FixedClock(NOON)
    loaded = replace(load_config(CONFIG if config is None else config, {}), data=data)
    built = Gateway(loaded, clock=clock, transport=upstream, env=env or {}, plugins=plugins)
    return GatewayUnderTest(built, upstream, clock)
