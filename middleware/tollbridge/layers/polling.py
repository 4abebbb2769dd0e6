"""Answers that come before they are finished: their provider is asked again until they are.

Where to ask is said by the provider, so it is believed only within the endpoint its target has: our credential goes
along.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import structlog

from tollbridge.call import Call, Headers
from tollbridge.errors import GatewayError, UpstreamTimeout, UpstreamTruncated, UpstreamUnreachable
from tollbridge.formats.dialect import Unfinished
from tollbridge.layers.asking import ask_again
from tollbridge.providers import Target
from tollbridge.transport.base import Transport
from tollbridge.transport.guard import endpoint_of

log = structlog.get_logger("tollbridge")

FIRST_S, LONGEST_S = 0.5, 5.0
"""The first pause and the longest; each is twice the one before."""
GIVE_UP_S = 10.0
"""How long a provider is tried to be told that nobody waits for its answer."""
_BUSY = frozenset((408, 429, 500, 502, 503, 504, 529))

Wait = Callable[[float], Awaitable[None]]
"""Lets seconds pass."""


class Finished(NamedTuple):
    """An answer that is all there."""

    status: int
    headers: Headers
    body: bytes


def unfinished(call: Call, status: int, body: bytes) -> Unfinished | None:
    """Say where a whole answer has to be asked for again; None for one that is taken as it is."""
    operation, dialect, target = call.operation, call.dialect, call.target
    if call.translation is not None:
        operation, dialect = call.translation.way.operation, call.translation.way.dialect
    if operation is None or operation.unfinished is None or not 200 <= status <= 299:
        return None
    found = operation.unfinished(body)
    if found is None or dialect is None or target is None:
        return None
    base_url = target.base_urls[dialect.base]
    if not _is_at(found.url, base_url):
        log.warning("unfinished_answer_not_followed", call_id=call.id, provider=target.provider.name)
        return None
    return found if _is_at(found.cancel, base_url) else Unfinished(found.url)


def _is_at(url: str, base_url: str) -> bool:
    """Whether a URL leads to the very endpoint of another: scheme, host and port."""
    try:
        return endpoint_of(url) == endpoint_of(base_url)
    except UpstreamUnreachable:
        return False


@dataclass(frozen=True, slots=True)
class Polling:
    """Asks a target again for what it has not finished.

    `read` tells of a body that it is not finished, `most` is how many bytes one may have. Its end is its caller's
    concern: it goes on until it is cancelled.
    """

    target: Target
    transport: Transport
    read: Callable[[int, bytes], Unfinished | None]
    most: int
    wait: Wait

    async def finish(self, begun: Unfinished) -> Finished:
        """Ask until there is an answer, or a refusal; raises `UpstreamError` for what is neither.

        A provider that is out of reach or busy in between is asked again: it still works.
        """
        pause = FIRST_S
        while True:
            await self.wait(pause)
            pause = min(2 * pause, LONGEST_S)
            with suppress(UpstreamUnreachable, UpstreamTimeout, UpstreamTruncated):
                found = await self._ask("GET", begun.url)
                if found.status not in _BUSY and self.read(found.status, found.body) is None:
                    return found

    async def give_up(self, begun: Unfinished) -> None:
        """Tell the provider that nobody waits any more; nothing is lost but its time where that fails."""
        if begun.cancel:
            with suppress(GatewayError, TimeoutError):
                async with asyncio.timeout(GIVE_UP_S):
                    await self._ask("POST", begun.cancel)

    async def _ask(self, method: str, url: str) -> Finished:
        response = await ask_again(method, url, self.target, self.transport)
        try:
            return Finished(response.status, response.headers, await response.read(self.most))
        finally:
            await response.close()
