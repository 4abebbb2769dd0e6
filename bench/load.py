"""A load of plain keep-alive connections: `python -m bench.load PORT TOKEN REQUESTS CONNECTIONS STREAM DIALECT`."""

import asyncio
import sys

_MESSAGES = b'"messages":[{"role":"user","content":"%b"}]' % (b"Say something about bridges, tolls and rivers. " * 4)

PATHS = {"openai-chat": b"/v1/chat/completions", "anthropic-messages": b"/v1/messages"}
"""The dialects that can be spoken."""


async def _one(port: int, token: str, share: int, dialect: str, *, stream: bool) -> None:
    limit = b'"max_tokens":500,' if dialect == "anthropic-messages" else b""
    body = b'{"model":"gpt-4o-mini",%b%b%b}' % (limit, _MESSAGES, b',"stream":true' if stream else b"")
    request = (
        b"POST %b HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer %b\r\n"
        b"content-type: application/json\r\naccept: application/json\r\nuser-agent: bench\r\n"
        b"content-length: %d\r\n\r\n%b" % (PATHS[dialect], token.encode(), len(body), body)
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(share):
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise SystemExit(head.decode() + (await reader.read(2000)).decode())
        if b"transfer-encoding: chunked" in head:
            while await reader.readuntil(b"\r\n") != b"0\r\n":
                await reader.readuntil(b"\n\r\n")
            await reader.readexactly(2)
        else:
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(length)
    writer.close()


async def _main() -> None:
    port, token, requests, connections, stream, dialect = sys.argv[1:7]
    share = int(requests) // int(connections)
    callers = (_one(int(port), token, share, dialect, stream=stream == "1") for _ in range(int(connections)))
    await asyncio.gather(*callers)


if __name__ == "__main__":
    asyncio.run(_main())
