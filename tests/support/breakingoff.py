"""An app behind a layer that cannot take its second piece, for any server; `python -m` runs it under ours."""

from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from tollbridge.call import Call
from tollbridge.layers.layer import Layer
from tollbridge.server.http1 import Http1


class Breaking(Layer):
    """Breaks within an answer."""

    name = "breaking"
    feeds_services = True

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        if chunk == b"second":
            raise RuntimeError("it breaks")
        return [chunk]


async def two_pieces(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        for piece in (b"first", b"second"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def make_app() -> ASGIApp:
    return Breaking(two_pieces)


if __name__ == "__main__":
    http: Any = Http1(head_timeout_s=10.0, max_head_bytes=65_536)
    uvicorn.run(make_app(), port=0, http=http, access_log=False)
