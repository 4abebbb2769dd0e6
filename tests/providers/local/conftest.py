"""One model server for the tests that only ask it."""

from collections.abc import AsyncIterator, Callable

import pytest

from tollbridge_local import LocalModel, Place


@pytest.fixture(scope="module")
async def place(anyio_backend: str) -> AsyncIterator[Place]:
    async with LocalModel() as model:
        yield model.place


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Whether a process runs; one that ended and was not waited for does not."""

    def look(pid: int) -> bool:
        try:
            with open(f"/proc/{pid}/stat") as file:
                return file.read().rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):  # the second where it ends while it is read
            return False

    return look
