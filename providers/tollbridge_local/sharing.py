"""One model for all workers of a gateway: who holds the lock runs it, the others use it and wait to take over.

The lock is the kernel's (`flock`), so it is free as soon as its holder is gone, however that came. The place with its
key is in a file beside it, mode 0600.
"""

import asyncio
import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path

import structlog

from tollbridge_local.errors import LocalModelError
from tollbridge_local.process import START_TIMEOUT_S, Place, Settings
from tollbridge_local.server import LocalModel, Moved

log = structlog.get_logger("tollbridge")

_POLL_S = 0.5
_SLOW_POLL_S = 10.0


class SharedModel:
    """A gateway's part in the model of a data folder; `moved` is called with each place it is reached at."""

    def __init__(self, folder: Path, *, moved: Moved, settings: Settings | None = None) -> None:
        self.place: Place | None = None
        self._lock_file = folder / "local-model.lock"
        self._place_file = folder / "local-model.json"
        self._moved = moved
        self._own = LocalModel(settings, moved=self._announce)
        self._lock: int | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def owned(self) -> bool:
        """Whether the model runs under this process."""
        return self._lock is not None

    async def start(self) -> None:
        """Run the model, or find the one that runs; raises `LocalModelError`."""
        now = asyncio.get_running_loop().time
        until = now() + START_TIMEOUT_S
        while not await self._take() and not await self._find():
            if now() >= until:
                raise LocalModelError(
                    f"another process holds {self._lock_file} and its local model does not answer; end that process"
                )
            await asyncio.sleep(_POLL_S)
        if not self.owned:
            self._watcher = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Give the model up; it ends if it was this process that ran it.  A second call does nothing."""
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher
        await self._own.stop()
        self._release()

    def abandon(self) -> None:
        """Do the same from outside its event loop, which is gone."""
        self._own.abandon()
        self._release()

    async def _take(self) -> bool:
        """Run the model if nobody else does; raises `LocalModelError` if it does not start."""
        lock = _try_lock(self._lock_file)
        if lock is None:
            return False
        self._lock = lock
        try:
            await self._own.start()
        except BaseException:
            await self._own.stop()
            self._release()
            raise
        return True

    async def _find(self) -> bool:
        """Use the model of another process, where one answers."""
        place = _read(self._place_file)
        if place is None or not await place.answers():
            return False
        if place != self.place:
            self.place = place
            self._moved(place)
        return True

    async def _watch(self) -> None:
        """Follow the model of another process, and run it once that process is gone."""
        delay = _POLL_S
        while not self.owned:
            await asyncio.sleep(delay)
            try:
                await self._take()
                delay = _POLL_S
            except LocalModelError as exc:
                log.error("local_model_not_taken_over", reason=str(exc))
                delay = _SLOW_POLL_S
            if not self.owned and _read(self._place_file) != self.place:
                await self._find()

    def _announce(self, place: Place) -> None:
        try:
            _write(self._place_file, place)
        except OSError as exc:  # this process has its model all the same
            log.error("local_model_not_shared", file=str(self._place_file), reason=exc.strerror)
        self.place = place
        self._moved(place)

    def _release(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            self._place_file.unlink(missing_ok=True)
            os.close(lock)


def _try_lock(path: Path) -> int | None:
    """Take the lock, or give None if another holds it; raises `LocalModelError` where there can be no lock."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise LocalModelError(f"the lock {path} cannot be opened ({exc.strerror}); check its folder's mode") from exc
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        os.close(handle)
        if isinstance(exc, BlockingIOError):
            return None
        raise LocalModelError(
            f"the lock {path} cannot be taken ({exc.strerror}); with TOLLBRIDGE_DATA, choose a folder on a local disk"
        ) from exc
    return handle


def _write(path: Path, place: Place) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({"url": place.url, "key": place.key, "pid": place.pid}, file)
    fresh.replace(path)


def _read(path: Path) -> Place | None:
    try:
        found = json.loads(path.read_text("utf-8"))
        return Place(str(found["url"]), str(found["key"]), int(found["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
