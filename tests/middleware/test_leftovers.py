"""Tasks that nobody ended, when the server does."""

import asyncio

import pytest
from structlog.testing import capture_logs

from tollbridge import leftovers
from tollbridge.leftovers import end_leftovers


async def stubborn(never: asyncio.Event) -> None:
    while not never.is_set():
        try:
            await never.wait()
        except asyncio.CancelledError:
            continue


def test_tasks_that_were_left_are_ended_and_told() -> None:
    async def leave() -> list[asyncio.Task[object]]:
        left = [asyncio.create_task(asyncio.Event().wait()) for _ in range(12)]
        await asyncio.sleep(0)
        await end_leftovers()
        return left

    with capture_logs() as logged:
        left = asyncio.run(leave())

    assert all(task.cancelled() for task in left)
    (line,) = logged
    assert (line["event"], line["count"], line["not_ended"]) == ("tasks_left_over", 12, 0)
    assert line["names"] == ["Event.wait"] * 10


def test_nothing_is_told_where_nothing_was_left() -> None:
    with capture_logs() as logged:
        asyncio.run(end_leftovers())

    assert logged == []


def test_task_that_does_not_end_keeps_no_loop_from_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "PATIENCE_S", 0.01)
    never = asyncio.Event()

    async def leave() -> asyncio.Task[None]:
        task = asyncio.create_task(stubborn(never))
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)  # it is destroyed pending
        await asyncio.sleep(0)
        await end_leftovers()
        return task

    with capture_logs() as logged:
        task = asyncio.run(leave())  # or this waits for ever

    assert not task.done()
    assert [line["not_ended"] for line in logged] == [1]
