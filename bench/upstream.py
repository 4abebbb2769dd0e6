"""An upstream that costs little: raw asyncio, one process.  `python -m bench.upstream` prints its port."""

import asyncio
import json

_USAGE = {"prompt_tokens": 75, "completion_tokens": 120, "total_tokens": 195}
_BODY = json.dumps(
    {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "word " * 110}, "finish_reason": "stop"}],
        "usage": _USAGE,
    }
).encode()
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def _event(value: object) -> bytes:
    data = b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(data), data)


def _chunk(content: str) -> dict[str, object]:
    choices = [{"index": 0, "delta": {"content": content}, "finish_reason": None}]
    return {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": choices,
        "usage": None,
    }


CHUNKS = 200
_PIECES = [_event(_chunk(f"word {n} ")) for n in range(CHUNKS)]
_LAST = (
    _event({**_chunk(""), "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    + _event({**_chunk(""), "choices": [], "usage": _USAGE})
    + _event(b"[DONE]")
    + b"0\r\n\r\n"
)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line.partition(b":")[2])
                    for line in head.lower().split(b"\r\n")
                    if line[:15] == b"content-length:"
                ),
                0,
            )
            body = await reader.readexactly(length)
            if b'"stream":true' not in body and b'"stream": true' not in body:
                writer.write(_ANSWER)
                continue
            writer.write(_STREAM_HEAD)
            for piece in _PIECES:
                writer.write(piece)
                await asyncio.sleep(0.001)  # a chunk of its own for the reader; a model is slower still
            writer.write(_LAST)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
