"""What connections share: one look a second for all, one flush a turn, the usual lines."""

import asyncio

from tests.support.http1 import GET, Steps, Talk, Wire, answering, start

from tollbridge.server import site as site_module
from tollbridge.server.connection import Connection


async def test_one_timer_looks_at_all_connections_and_ends_with_the_last(monkeypatch) -> None:
    monkeypatch.setattr(site_module, "EVERY_S", 0.0)
    talk = Talk(answering(), timeout_keep_alive=5)
    site = talk.connection.site
    timer = site._timer
    other = Connection(site)
    site.join(other)
    assert site._timer is timer
    site.leave(other)

    await asyncio.wait_for(gone(talk), 30)

    assert talk.wire.closed
    assert site._timer is None


async def gone(talk: Talk) -> None:
    while talk.connection.site._timer is not None:
        await asyncio.sleep(0)


async def test_usual_lines_follow_the_server() -> None:
    talk = Talk(answering())
    await talk.ask(GET)

    talk.state.default_headers = [(b"date", b"tomorrow"), (b"server", b"s")]
    await talk.ask(GET)

    assert talk.wire.writes[1].endswith(b"\r\ndate: tomorrow\r\nserver: s\r\n\r\nhello")
    assert talk.connection.site.usual(frozenset((b"date",))) == b"server: s\r\n"


async def test_heads_that_wait_leave_together() -> None:
    app = Steps(start(), None)
    talk = Talk(app)
    app.gates[0].set()
    other = Connection(talk.connection.site)
    other.connection_made(Wire(other))

    other.data_received(GET)
    await talk.ask(GET)

    for connection in (talk.connection, other):
        assert b"".join(connection._transport.writes).endswith(b"transfer-encoding: chunked\r\n\r\n")
