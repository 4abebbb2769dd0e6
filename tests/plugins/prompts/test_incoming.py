import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from tollbridge import BadRequest
from tollbridge.administering import RequestTimeout, open_call
from tollbridge.testing import FixedClock
from tollbridge_prompts import incoming
from tollbridge_prompts.incoming import read_values


def request(receive: Any, headers: Any = ((b"content-type", b"application/json"),)) -> Any:
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/", "headers": list(headers)}
    return open_call(scope, FixedClock()), Request(scope, receive)


async def test_body_is_put_together_from_its_pieces() -> None:
    pieces = [b'{"a"', b"", b": 1}"]

    async def receive() -> Any:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    assert await read_values(*request(receive)) == {"a": 1}


async def test_header_that_is_sent_twice_is_no_type() -> None:
    async def receive() -> Any:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    with pytest.raises(BadRequest) as caught:
        await read_values(*request(receive, [(b"content-type", b"application/json")] * 2))

    assert caught.value.status == 415


async def test_body_that_breaks_off_is_no_body() -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    with pytest.raises(BadRequest, match="broke off"):
        await read_values(*request(receive))


async def test_body_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "PATIENCE_S", 0.01)

    async def receive() -> Any:
        return await asyncio.get_running_loop().create_future()

    with pytest.raises(RequestTimeout, match=r"within 0\.01 s"):
        await read_values(*request(receive))


async def test_body_that_never_ends_is_cut() -> None:
    async def receive() -> Any:
        return {"type": "http.request", "body": b" " * 100_000, "more_body": True}

    with pytest.raises(BadRequest) as caught:
        await read_values(*request(receive))

    assert caught.value.status == 413
