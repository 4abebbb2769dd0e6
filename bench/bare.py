"""The floor: an ASGI app that does nothing but pass a request on with pyreqwest."""

import os
from typing import Any

from pyreqwest.client import Client, ClientBuilder

_URL = os.environ.get("BENCH_UPSTREAM", "")
_client: list[Client] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Proxy one chat call."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if not _client:
        _client.append(ClientBuilder().build())
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {"content-type": "application/json", "authorization": "Bearer sk-bench"}
    request = _client[0].post(_URL).body_bytes(body).headers(headers)
    if b'"stream":true' not in body:
        response = await request.build().send()
        data = bytes(await response.bytes())
        shown = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(data))]
        await send({"type": "http.response.start", "status": response.status, "headers": shown})
        await send({"type": "http.response.body", "body": data})
        return
    async with request.streamed_read_buffer_limit(0).build_streamed() as streamed:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        while (chunk := await streamed.body_reader.read_chunk()) is not None:
            await send({"type": "http.response.body", "body": bytes(chunk), "more_body": True})
        await send({"type": "http.response.body", "body": b""})
