import asyncio
import errno
import fcntl
import json
import os
import signal
import stat
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.requires import requires
from tests.support.waiting import until

from tollbridge_local import LocalModelError, Place, process, sharing
from tollbridge_local.sharing import SharedModel

WORKER = Path(__file__).with_name("worker.py")


def ignore(place: Place) -> None:
    pass


@asynccontextmanager
async def worker(folder):
    """A worker in a process of its own; gives the process and a function for its next place."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(WORKER), str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None

    async def next_place():
        async with asyncio.timeout(60):
            line = b""
            while not line.startswith(b"{"):  # the log goes there too
                line = await process.stdout.readline()
            return Place(**json.loads(line))

    try:
        yield process, next_place
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.wait()


@requires("local")
async def test_the_first_runs_the_model_and_the_second_uses_it(tmp_path, alive):
    first, second = SharedModel(tmp_path, moved=ignore), SharedModel(tmp_path, moved=ignore)
    await first.start()
    await second.start()

    assert (first.owned, second.owned) == (True, False)
    assert first.place is not None
    assert second.place == first.place
    assert second.place.key == first.place.key

    await second.stop()
    assert alive(first.place.pid)
    await first.stop()
    assert not alive(first.place.pid)
    assert not (tmp_path / "local-model.json").exists()


@requires("local")
async def test_the_files_of_a_shared_model_are_the_owners_alone(tmp_path):
    before = os.umask(0)
    try:
        shared = SharedModel(tmp_path, moved=ignore)
        await shared.start()
    finally:
        os.umask(before)

    modes = {path.suffix: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    await shared.stop()

    assert modes == {".json": 0o600, ".lock": 0o600}


@requires("local")
async def test_when_the_owner_is_killed_another_takes_over(tmp_path, alive):
    async with worker(tmp_path) as (owner, first_place):
        first = await first_place()
        async with worker(tmp_path) as (other, next_place):
            assert await next_place() == first

            owner.kill()

            second = await next_place()
            await until(lambda: not alive(first.pid), "the first model's end")
            assert (second.pid, second.key) != (first.pid, first.key)
            assert await second.answers()
            other.send_signal(signal.SIGINT)
            await other.wait()
            await until(lambda: not alive(second.pid), "the second model's end")


@requires("local")
async def test_when_the_model_dies_every_worker_moves_with_it(tmp_path):
    places: list[Place] = []
    async with worker(tmp_path) as (_, next_place):
        first = await next_place()
        user = SharedModel(tmp_path, moved=places.append)
        await user.start()

        os.kill(first.pid, signal.SIGKILL)

        second = await next_place()
        await until(lambda: len(places) == 2, "the other worker's move")
        assert places == [first, second]
        assert not user.owned
        await user.stop()


@requires("local")
async def test_a_place_left_behind_is_not_believed(tmp_path):
    sharing._write(tmp_path / "local-model.json", Place("http://127.0.0.1:9", "old", 1))
    places: list[Place] = []
    shared = SharedModel(tmp_path, moved=places.append)

    await shared.start()
    await shared.stop()

    assert [place.key == "old" for place in places] == [False]


@requires("local")
async def test_without_room_for_the_file_the_owner_has_its_model_all_the_same(tmp_path, monkeypatch):
    def full(path, place):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sharing, "_write", full)
    shared = SharedModel(tmp_path, moved=ignore)

    await shared.start()

    assert shared.place is not None
    assert await shared.place.answers()
    await shared.stop()


@requires("local")
async def test_abandoning_ends_the_model_and_frees_the_lock(tmp_path, alive):
    shared = SharedModel(tmp_path, moved=ignore)
    await shared.start()
    assert shared.place is not None

    shared.abandon()

    await until(lambda: not alive(shared.place.pid), "the model's end")
    again = SharedModel(tmp_path, moved=ignore)
    await again.start()
    assert again.owned
    await again.stop()
    await shared.stop()


async def test_a_model_that_does_not_start_is_said_and_the_lock_is_free(tmp_path, monkeypatch):
    def missing():
        raise LocalModelError("the weights are missing")

    monkeypatch.setattr(process, "find_weights", missing)

    for _ in range(2):
        with pytest.raises(LocalModelError, match="the weights are missing"):
            await SharedModel(tmp_path, moved=ignore).start()


@requires("local")
async def test_a_model_of_its_own_that_does_not_answer_in_time_is_not_laid_at_anothers_door(tmp_path, monkeypatch):
    monkeypatch.setattr(sharing, "START_TIMEOUT_S", 0.05)
    monkeypatch.setattr(process, "START_TIMEOUT_S", 0.05)

    with pytest.raises(LocalModelError, match="the local model did not start: it did not answer in time"):
        await SharedModel(tmp_path, moved=ignore).start()


async def test_a_holder_whose_model_does_not_answer_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(sharing, "START_TIMEOUT_S", 0.1)
    monkeypatch.setattr(sharing, "_POLL_S", 0.01)
    with open(tmp_path / "local-model.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        with pytest.raises(LocalModelError, match=r"another process holds .*local-model.lock and its local model does"):
            await SharedModel(tmp_path, moved=ignore).start()


async def test_a_takeover_that_fails_is_tried_again(tmp_path, monkeypatch):
    tries: list[int] = []

    def missing():
        tries.append(1)
        raise LocalModelError("the weights are missing")

    async def answers(self):
        return True

    monkeypatch.setattr(process, "find_weights", missing)
    monkeypatch.setattr(sharing, "_POLL_S", 0.01)
    monkeypatch.setattr(sharing, "_SLOW_POLL_S", 0.02)
    monkeypatch.setattr(Place, "answers", answers)
    sharing._write(tmp_path / "local-model.json", Place("http://127.0.0.1:9", "key", 1))
    shared = SharedModel(tmp_path, moved=ignore)
    with open(tmp_path / "local-model.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        await shared.start()
        assert tries == []

    await until(lambda: len(tries) == 3, "another try")

    await shared.stop()


async def test_a_folder_without_room_for_a_lock_is_said(tmp_path):
    with pytest.raises(LocalModelError, match=r"the lock .* cannot be opened \(No such file or directory\)"):
        await SharedModel(tmp_path / "missing", moved=ignore).start()


async def test_a_disk_without_locks_is_said(tmp_path, monkeypatch):
    def refuse(handle, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)

    with pytest.raises(LocalModelError, match="with TOLLBRIDGE_DATA, choose a folder on a local disk"):
        await SharedModel(tmp_path, moved=ignore).start()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"url": "u", "key": "k", "pid": "x"}', '{"url": "u", "pid": 1}']
)
def test_a_broken_file_is_no_place(tmp_path, text):
    (tmp_path / "place").write_text(text)

    assert sharing._read(tmp_path / "place") is None
