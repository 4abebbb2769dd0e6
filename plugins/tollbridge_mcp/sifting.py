"""What comes from an outside server before the SDK judges it, which takes a list as a whole: each tool by itself."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Self

import mcp_types as types
from mcp.shared.message import SessionMessage
from mcp_types.methods import validate_server_result
from pydantic import ValidationError

Item = SessionMessage | Exception
_LIST: dict[str, Any] = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}


@asynccontextmanager
async def sifted(transport: AbstractAsyncContextManager[Any], revision: Callable[[], str]) -> AsyncGenerator[Any, None]:
    """Give a transport whose lists of tools hold nothing that is none by the `revision` that is spoken."""
    async with transport as (read, write):
        yield _Sifted(read, revision), write


class _Sifted:
    """The messages of a server."""

    def __init__(self, stream: Any, revision: Callable[[], str]) -> None:
        self._stream = stream
        self._revision = revision

    async def receive(self) -> Item:
        return self._sift(await self._stream.receive())

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        return self._sift(await self._stream.__anext__())

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stream.__aexit__(kind, exc, trace)

    def _sift(self, item: Item) -> Item:
        message = item.message if isinstance(item, SessionMessage) else None
        if isinstance(message, types.JSONRPCResponse) and isinstance(message.result.get("tools"), list):
            revision = self._revision()
            message.result["tools"] = [each for each in message.result["tools"] if is_tool(each, revision)]
        return item


def is_tool(given: Any, revision: str) -> bool:
    """Whether something is a tool, by what a revision says of tools and by what the SDK reads."""
    try:
        validate_server_result("tools/list", revision, {**_LIST, "tools": [given]})
        types.Tool.model_validate(given, by_name=False)
    except (ValidationError, KeyError, ValueError):
        return False
    return True
