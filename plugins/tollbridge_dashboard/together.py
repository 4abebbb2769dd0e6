"""Asking several things at once, of which none is left behind where another one fails."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Together:
    """Begins what it is called with, and waits for all of it at its end; raises what the first that failed raised.

    A group of tasks would stop the others instead, and tell of a group of errors.
    """

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[Any]] = []

    def __call__(self, what: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin something; its `result` is there once this has ended."""
        task = asyncio.create_task(what)
        self._tasks.append(task)
        return task

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for found in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(found, BaseException) and error is None:
                raise found
