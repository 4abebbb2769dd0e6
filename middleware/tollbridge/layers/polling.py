"""Answers that come before they are finished: their provider is asked again until they are.

Where to ask is said by the provider, so it is believed only within the endpoint its target has: our credential goes
along.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import structlog
from msgspec.structs import replace

from tollbridge.call import Call, Headers
from tollbridge.errors import GatewayError, UpstreamTimeout, UpstreamTruncated, UpstreamUnreachable
from tollbridge.formats.dialect import Unfinished
from tollbridge.formats.ways import spoken_at
from tollbridge.layers.asking import ask_again
from tollbridge.providers import Target
from tollbridge.transport.base import Transport
from tollbridge.transport.guard import endpoint_of

log = structlog.get_logger("tollbridge")

FIRST_S, LONGEST_S = 0.5, 5.0
"""The first pause and the longest; each is twice the one before, as long as there is nothing new."""
BYTES_A_SECOND = 1024 * 1024
"""How fast an answer is asked for again and again: a longer one less often."""
GIVE_UP_S = 10.0
"""How long a provider is tried to be told that nobody waits for its answer."""
_BUSY = frozenset((408, 429, 500, 502, 503, 504, 529))

Wait = Callable[[float], Awaitable[None]]
"""Lets seconds pass."""


class Seen(NamedTuple):
    """An answer as it was seen; `begun` says where to look again, None where it is all there."""

    status: int
    headers: Headers
    body: bytes
    begun: Unfinished | None = None


def unfinished(call: Call, status: int, body: bytes) -> Unfinished | None:
    """Say where a whole answer has to be asked for again; None for one that is taken as it is."""
    dialect, operation, target = call.dialect, call.operation, call.target
    if call.translation is not None:
        dialect, operation = call.translation.way.dialect, call.translation.way.operation
    if operation is None or operation.unfinished is None or not 200 <= status <= 299:
        return None
    found = operation.unfinished(body)
    if found is None or dialect is None or target is None:
        return None
    base_url = spoken_at(dialect, target.base_urls)
    if not _is_at(found.url, base_url):
        log.warning("unfinished_answer_not_followed", call_id=call.id, provider=target.provider.name)
        return None
    return found if _is_at(found.cancel, base_url) else replace(found, cancel="")


def _is_at(url: str, base_url: str) -> bool:
    """Whether a URL leads to the very endpoint of another: scheme, host and port."""
    try:
        return endpoint_of(url) == endpoint_of(base_url)
    except UpstreamUnreachable:
        return False


@dataclass(frozen=True, slots=True)
class Polling:
    """Asks a target again for what it has not finished.

    `most` is how many bytes one may have. Its end is its caller's concern: it goes on until it is cancelled.
    """

    call: Call
    target: Target
    transport: Transport
    most: int
    wait: Wait

    async def look_again(self, begun: Unfinished, size: int, known: float = math.inf) -> Seen:
        """Ask until more is written than is `known`, or all of it, or there is a refusal.

        `size` is how many bytes were read the last time. Raises `UpstreamError` for what is no answer. A provider that
        is out of reach or busy in between is asked again: it still works.
        """
        pause = min(max(FIRST_S, size / BYTES_A_SECOND), LONGEST_S)
        while True:
            await self.wait(pause)
            pause = min(2 * pause, LONGEST_S)
            with suppress(UpstreamUnreachable, UpstreamTimeout, UpstreamTruncated):
                seen = await self._ask("GET", begun.url)
                if seen.status not in _BUSY:
                    more = unfinished(self.call, seen.status, seen.body)
                    if more is None or more.written > known:
                        return seen._replace(begun=more)

    async def give_up(self, begun: Unfinished) -> None:
        """Tell the provider that nobody waits any more; nothing is lost but its time where that fails."""
        if begun.cancel:
            with suppress(GatewayError, TimeoutError):
                async with asyncio.timeout(GIVE_UP_S):
                    await self._ask("POST", begun.cancel)

    async def _ask(self, method: str, url: str) -> Seen:
        response = await ask_again(method, url, self.target, self.transport)
        try:
            return Seen(response.status, response.headers, await response.read(self.most))
        finally:
            await response.close()
