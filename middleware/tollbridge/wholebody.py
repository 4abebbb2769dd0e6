"""The body of a request as a whole, bounded in bytes and in time."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from tollbridge.errors import BadRequest, BodyTooLarge, RequestTimeout


async def read_whole(request: Request, *, most: int, patience_s: float) -> bytes:
    """Read up to `most` bytes; raises `BodyTooLarge`, `RequestTimeout`, or `BadRequest` where it breaks off."""
    body = bytearray()
    try:
        async with asyncio.timeout(patience_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise BodyTooLarge(f"the body is over {most} bytes")
    except TimeoutError:
        raise RequestTimeout(f"the body was not sent within {patience_s:g} s") from None
    except ClientDisconnect:
        raise BadRequest("the body broke off before its end; send it whole") from None
    return bytes(body)
