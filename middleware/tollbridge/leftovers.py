"""Tasks that nobody ended, when the server does: plugins and wrapped apps leave some."""

import asyncio

import structlog

log = structlog.get_logger("tollbridge")

PATIENCE_S = 5.0


async def end_leftovers() -> None:
    """Cancel every other task of this event loop, and give up on those that go on after `PATIENCE_S`.

    `asyncio.run` would wait for them for ever, and so would whoever ends the process by Ctrl-C.
    """
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if not left:
        return
    _, stubborn = await asyncio.wait(left, timeout=PATIENCE_S)
    log.warning("tasks_left_over", count=len(left), not_ended=len(stubborn), names=sorted(map(_name, left))[:10])
    for task in stubborn:
        asyncio.tasks._unregister_task(task)


def _name(task: "asyncio.Task[object]") -> str:
    return getattr(task.get_coro(), "__qualname__", task.get_name())
