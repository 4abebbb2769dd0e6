"""Metrics of several workers: value files in one folder, by slot and not by process.

prometheus_client names its files after the process, so every restarted worker leaves files behind, and taking those
away makes counters go back. Here a worker holds a numbered slot by a lock, which the kernel frees however the worker
ends; whoever takes the slot next goes on counting in the same files.
"""

import fcntl
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Self

from prometheus_client import Metric, values
from prometheus_client.multiprocess import MultiProcessCollector

from tollbridge.errors import SetupError

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_HEADER = 8


class MetricsFolder:
    """A folder of value files that is this gateway's own until `close`, or until its process ends."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    def close(self) -> None:
        """Give the folder free for another gateway and leave the environment.  A second call does nothing."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)
            os.environ.pop(VARIABLE, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def prepare_multiprocess(directory: Path, workers: int) -> MetricsFolder:
    """Make the folder ready for `workers` processes and name it in the environment they inherit.

    For the parent, before it starts a worker; it keeps what is returned for as long as it serves. There is a slot for
    each worker, one for each that overlaps with it in a restart, and one for the parent. Raises `SetupError` if the
    folder cannot be written, or another gateway has it.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        lock = os.open(directory / "folder.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise SetupError(f"the metrics folder {directory} cannot be used ({exc.strerror}); choose another") from exc
    if not _lock(lock):
        os.close(lock)
        raise SetupError(f"the metrics folder {directory} is in use by another gateway; give each one its own")
    for old in [*directory.glob("*.db"), *directory.glob("slot-*.lock")]:
        old.unlink(missing_ok=True)
    for number in range(2 * workers + 1):
        (directory / f"slot-{number}.lock").touch(mode=0o600)
    os.environ[VARIABLE] = str(directory)
    return MetricsFolder(directory, lock)


def join_multiprocess() -> int | None:
    """Take a slot for this process and count in its files from now on; gives its number, None where there are no slots.

    Asked again, it gives the same slot. A process that is forked off takes a slot of its own when it first counts.
    Raises `SetupError` if no slot is free.
    """
    folder = os.environ.get(VARIABLE)
    if not folder or not any(Path(folder).glob("slot-*.lock")):
        return None
    return _join(Path(folder)).number()


@cache
def _join(folder: Path) -> "Slot":
    slot = Slot(folder)
    values.ValueClass = values.MultiProcessValue(slot.number)  # type: ignore[no-untyped-call]  # untyped there
    return slot


class Slot:
    """The slot of this process in a folder: held by a lock on a file, in which stands who holds it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = -1
        self._number = -1
        self._process = -1

    def number(self) -> int:
        """Give the slot's number.  It is taken at first use, and anew in a process that was forked off."""
        if self._process != os.getpid():
            self._take()
        return self._number

    def _take(self) -> None:
        self.release()
        for path in sorted(self._folder.glob("slot-*.lock"), key=_number_of):
            lock = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            if _lock(lock):
                self._lock, self._number, self._process = lock, _number_of(path), os.getpid()
                # What ran in the process that held the slot before does not run any more.
                for gauge in self._folder.glob(f"gauge_*_{self._number}.db"):
                    gauge.unlink(missing_ok=True)
                os.pwrite(lock, b"%-19d\n" % self._process, 0)
                return
            os.close(lock)
        raise SetupError(f"every slot in the metrics folder {self._folder} is taken; are old workers still running?")

    def release(self) -> None:
        """Let go of the slot.  In a forked process the parent still holds its own."""
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = self._number = self._process = -1


def collect_multiprocess(folder: Path) -> Iterable[Metric]:
    """Add up what all workers counted.  Gauges of a worker that has died are left out until its slot is taken again."""
    files = []
    for path in sorted(folder.glob("*.db")):
        kind, _, slot = path.stem.rpartition("_")
        holder = folder / f"slot-{slot}.lock"
        if kind.startswith("gauge") and holder.exists() and not _lives(holder):
            continue
        # A file just made has no header yet, which the library's reader does not expect.
        if path.stat().st_size >= _HEADER:
            files.append(str(path))
    merged: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]  # untyped there
    return merged


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _number_of(path: Path) -> int:
    return int(path.stem.removeprefix("slot-"))


def _lives(holder: Path) -> bool:
    """Whether the process that last took a slot is still there.  Trying its lock would say so too, but take it."""
    process = holder.read_bytes().strip()
    if not process:
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # there, and another user's
    return True
