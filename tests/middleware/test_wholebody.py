"""Bodies that are read as a whole."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from tollbridge import BadRequest
from tollbridge.errors import BodyTooLarge, RequestTimeout
from tollbridge.wholebody import read_whole


def sent(*chunks: bytes) -> Request:
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    return Request({"type": "http"}, receive)


async def test_body_is_put_together_up_to_its_bound() -> None:
    assert await read_whole(sent(b"abc", b"de"), most=5, patience_s=10.0) == b"abcde"
    with pytest.raises(BodyTooLarge, match="over 4 bytes"):
        await read_whole(sent(b"abc", b"de"), most=4, patience_s=10.0)


async def test_body_that_breaks_off_or_never_comes_is_refused() -> None:
    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def never() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    with pytest.raises(BadRequest, match="broke off"):
        await read_whole(Request({"type": "http"}, gone), most=5, patience_s=10.0)
    with pytest.raises(RequestTimeout, match=r"within 0\.01 s"):
        await read_whole(Request({"type": "http"}, never), most=5, patience_s=0.01)
