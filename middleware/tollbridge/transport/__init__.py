"""The way to the models: one seam, two implementations."""

from tollbridge.transport.base import Timeouts, Transport, UpstreamRequest, UpstreamResponse
from tollbridge.transport.sockets import Sockets

__all__ = ["Sockets", "Timeouts", "Transport", "UpstreamRequest", "UpstreamResponse", "make_sockets", "make_transport"]


def make_transport(kind: str, timeouts: Timeouts) -> Transport:
    """Make the transport of `[upstream] transport`: `http1` or `httpx2`."""
    if kind == "httpx2":
        from tollbridge.transport.httpx2_transport import Httpx2Transport  # only one of the two is loaded

        return Httpx2Transport(timeouts)
    from tollbridge.transport.http1 import Http1Transport

    return Http1Transport(timeouts)


def make_sockets(timeouts: Timeouts) -> Sockets:
    """Make what opens WebSockets to providers."""
    from tollbridge.transport.websocket import Websockets  # for sessions alone

    return Websockets(timeouts)
