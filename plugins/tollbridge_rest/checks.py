"""Asking the nodes of an upstream whether they are well, beside the calls."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from tollbridge import Unavailable
from tollbridge_rest.backend import Backend, Member
from tollbridge_rest.health import in_ranges
from tollbridge_rest.line import LineBroken, write_head

Wait = Callable[[float], Awaitable[object]]
_LARGEST = 64 * 1024
"""Bytes of a check's answer that are read, so that its connection can be used again."""

log = structlog.get_logger("tollbridge")


async def ask_if_well(backend: Backend, member: Member) -> bool:
    """Ask one node, once.  One that cannot be shown its secret, for that is not there or fits no head, is not well."""
    health = backend.upstream.health
    host = backend.host_for(member, "")
    try:
        ours = await backend.ours()
    except Unavailable:
        return False
    headers = [*ours.headers, (b"accept", b"*/*"), (b"user-agent", b"tollbridge-health"), (b"content-length", b"0")]
    try:
        head = write_head("GET", member.path + ours.target(health.path), host, headers)
        async with asyncio.timeout(health.timeout_s):
            line = await backend.pool.take(member.endpoint)
            try:
                line.ask(head, chunked=False, bodiless=False)
                line.finish()
                await line.head()
                status, size = line.status, 0
                while size < _LARGEST and (chunk := await line.next_chunk()):
                    size += len(chunk)
            finally:
                backend.pool.give_back(member.endpoint, line)
    except (LineBroken, TimeoutError, ValueError):
        return False
    return in_ranges(status, health.expect)


async def keep_checking(backend: Backend, wait: Wait = asyncio.sleep) -> None:
    """Ask every node again and again, all at once, until this is cancelled."""
    while True:
        found = await asyncio.gather(*(ask_if_well(backend, member) for member in backend.members))
        for member, good in zip(backend.members, found, strict=True):
            if backend.note_check(member, good=good):
                event = "upstream_node_up" if good else "upstream_node_down"
                log.warning(event, upstream=backend.name, node=member.authority)
        await wait(backend.upstream.health.every_s)
