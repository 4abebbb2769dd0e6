"""Several workers that count into one folder: real processes, really killed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, values
from prometheus_client.parser import text_string_to_metric_families

from tollbridge.errors import SetupError
from tollbridge.metrics import Metrics, counting, join_multiprocess, multiprocess, prepare_multiprocess
from tollbridge.metrics.families import Families
from tollbridge.metrics.multiprocess import VARIABLE, Slot

WORKER = """
import os, sys
from datetime import UTC, datetime
from tollbridge.call import Call, Outcome
from tollbridge.formats.dialect import Operation
from tollbridge.metrics import Metrics, join_multiprocess

metrics = Metrics()
call = Call("req_1", datetime.now(UTC), 0.0, "http", "GET", "/", [])
call.service, call.operation, call.outcome, call.status = "ai", Operation("ai:chat", "chat"), Outcome.COMPLETE, 200
call.cost = 1_500_000

def say(text):
    print(text, flush=True)

say(join_multiprocess())
for line in sys.stdin:
    command = line.strip()
    if command == "enter":
        metrics.entered()
    elif command == "flood":
        while True:
            for _ in range(100):
                metrics.observe(call)
            say("flooding")
    elif command == "fork":
        child = os.fork()
        if not child:
            metrics.observe(call)
            os._exit(join_multiprocess())
        say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        continue
    elif command == "render":
        body = metrics.render("")[0]
        say(len(body.splitlines()))
        say(body.decode().rstrip())
        continue
    else:
        for _ in range(int(command)):
            metrics.observe(call)
    say("done")
"""


class Worker:
    """A process that counts when it is told to."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.slot = int(self.read())

    def read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, command: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        return self.read()

    def scrape(self, name: str) -> float:
        """Give the sum over all series of a metric."""
        lines = [self.read() for _ in range(int(self.tell("render")))]
        return sum(
            sample.value
            for family in text_string_to_metric_families("\n".join(lines) + "\n")
            for sample in family.samples
            if sample.name == f"tollbridge_{name}"
        )

    def kill(self) -> None:
        """Kill it as the kernel would, with no word of farewell."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put back what joining changes in a process for good."""
    monkeypatch.setenv(VARIABLE, "to be restored")
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    yield
    multiprocess._join.cache_clear()
    counting._of_process.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, fresh: None) -> Iterator[Path]:
    path = tmp_path / "metrics"
    with prepare_multiprocess(path, workers=2):
        yield path


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[[], Worker]]:
    started: list[Worker] = []

    def make() -> Worker:
        started.append(Worker())
        return started[-1]

    yield make
    for worker in started:
        if worker.process.returncode is None:
            worker.kill()


def value_files(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.db")}


def test_scrape_of_any_worker_shows_what_all_counted(start: Callable[[], Worker]) -> None:
    one, other = start(), start()

    one.tell("3")
    other.tell("4")

    assert one.scrape("requests_total") == other.scrape("requests_total") == 7
    assert one.scrape("request_duration_seconds_count") == 7
    assert one.scrape("cost_usd_total") == pytest.approx(0.0105, abs=0)  # 7 x 0.0015
    assert one.scrape("build_info") == 1


def test_counters_never_go_back_and_files_do_not_grow_in_number_when_workers_are_killed(
    folder: Path, start: Callable[[], Worker]
) -> None:
    steady, doomed = start(), start()
    doomed.tell("10")
    steady.tell("1")
    files, counted = value_files(folder), 11.0

    for _ in range(3):
        slot = doomed.slot
        doomed.kill()
        assert steady.scrape("requests_total") == counted
        doomed = start()
        assert doomed.slot == slot
        assert doomed.scrape("requests_total") == counted
        doomed.tell("5")
        counted += 5

    assert steady.scrape("requests_total") == counted == 26
    assert value_files(folder) == files
    assert len(files) == 8  # counters, histograms and two kinds of gauges, for two slots


def test_worker_killed_while_it_counts_loses_nothing_it_had_counted(start: Callable[[], Worker]) -> None:
    steady, doomed = start(), start()
    assert doomed.tell("flood") == "flooding"
    for _ in range(20):
        doomed.read()

    doomed.kill()

    found = steady.scrape("requests_total")
    assert found >= 2_100  # 21 rounds of 100 were heard of
    assert start().scrape("requests_total") == found


def test_what_a_dead_worker_was_serving_is_not_in_flight(start: Callable[[], Worker]) -> None:
    steady, doomed = start(), start()
    steady.tell("enter")
    doomed.tell("enter")
    doomed.tell("enter")
    assert steady.scrape("inflight") == 3

    doomed.kill()

    assert steady.scrape("inflight") == 1
    assert start().scrape("inflight") == 1


def test_forked_process_counts_in_a_slot_of_its_own(start: Callable[[], Worker]) -> None:
    worker = start()
    worker.tell("2")

    forked = int(worker.tell("fork"))

    assert forked != worker.slot
    worker.tell("1")
    assert worker.scrape("requests_total") == 4


@pytest.mark.usefixtures("fresh")
def test_without_a_folder_there_is_no_slot_and_no_file() -> None:
    assert join_multiprocess() is None


@pytest.mark.usefixtures("fresh")
def test_folder_that_somebody_else_prepared_is_left_to_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))

    assert join_multiprocess() is None
    assert values.ValueClass.__name__ == "MutexValue"


def test_joining_twice_gives_the_same_slot(folder: Path) -> None:
    assert join_multiprocess() == join_multiprocess() == 0


def test_two_sets_of_metrics_in_one_worker_count_together(folder: Path) -> None:
    one, other = Metrics(), Metrics()

    one.entered()
    other.entered()

    assert b"tollbridge_inflight 2.0" in one.render("")[0]


def test_restarted_worker_makes_no_room_for_more_models(folder: Path) -> None:
    join_multiprocess()
    before = Families()  # the values of a worker that ran before
    before.tokens["openai", "gpt-4o", "input", "provider"](1)
    before.tokens["openai", "other", "input", "provider"](1)
    before.costs["shop", "none", "none"](1)

    metrics = Metrics(model_label_cap=1)

    assert metrics._models == {("openai", "gpt-4o"): ("openai", "gpt-4o")}


@pytest.mark.usefixtures("fresh")
def test_folder_is_private_and_emptied_at_start(tmp_path: Path) -> None:
    path = tmp_path / "metrics"
    path.mkdir(mode=0o755)
    for old in ("counter_0.db", "slot-77.lock"):
        (path / old).write_bytes(b"old")

    with prepare_multiprocess(path, workers=1):
        assert path.stat().st_mode & 0o777 == 0o700
        assert sorted(file.name for file in path.iterdir()) == [
            "folder.lock",
            "slot-0.lock",
            "slot-1.lock",
            "slot-2.lock",
        ]
        assert os.environ[VARIABLE] == str(path)

    assert VARIABLE not in os.environ


def test_second_gateway_is_refused_the_folder(folder: Path) -> None:
    with pytest.raises(SetupError, match="is in use by another gateway"):
        prepare_multiprocess(folder, workers=1)

    assert os.environ[VARIABLE] == str(folder)


@pytest.mark.usefixtures("fresh")
def test_folder_given_free_can_be_used_again(tmp_path: Path) -> None:
    first = prepare_multiprocess(tmp_path, workers=1)
    first.close()
    first.close()

    with prepare_multiprocess(tmp_path, workers=1) as second:
        assert second.path == tmp_path


@pytest.mark.usefixtures("fresh")
def test_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SetupError, match="cannot be used"):
        prepare_multiprocess(tmp_path / "file" / "metrics", workers=1)


def test_process_that_finds_no_free_slot_is_told(folder: Path) -> None:
    slots = [Slot(folder) for _ in range(5)]
    assert [slot.number() for slot in slots] == [0, 1, 2, 3, 4]

    with pytest.raises(SetupError, match=r"every slot .* is taken"):
        Slot(folder).number()

    slots[3].release()
    assert Slot(folder).number() == 3
    for slot in slots:
        slot.release()


def test_value_file_without_its_header_yet_is_passed_over(folder: Path) -> None:
    metrics = Metrics()
    metrics.entered()
    (folder / "counter_1.db").touch()

    assert b"tollbridge_inflight 1.0" in metrics.render("")[0]


def test_gauge_left_in_a_slot_is_gone_when_the_slot_is_taken(folder: Path) -> None:
    (folder / "gauge_livesum_0.db").write_bytes(b"of a worker that was killed")

    metrics = Metrics()

    assert b"tollbridge_inflight 0.0" in metrics.render("")[0]


def test_gauge_that_one_worker_sets_is_what_was_set_last(folder: Path) -> None:
    metrics = Metrics()
    for rate in (1.0, 3.0, 2.0):
        metrics.show_burn_rates({("weather", "sure", "1h"): rate})

    shown = metrics.render("")[0]

    assert b'tollbridge_slo_burn_rate{service="weather",slo="sure",window="1h"} 2.0' in shown


def test_gauges_are_shown_only_of_processes_that_live(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Metrics().entered()
    (folder / "gauge_livesum_1.db").write_bytes((folder / "gauge_livesum_0.db").read_bytes())
    holder = folder / "slot-1.lock"

    def shown() -> bytes:
        return Metrics(registry=CollectorRegistry()).render("")[0]

    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    holder.write_bytes(b"%d\n" % dead.pid)
    assert b"tollbridge_inflight 1.0" in shown()

    holder.write_bytes(b"%d\n" % os.getpid())
    assert b"tollbridge_inflight 2.0" in shown()

    def of_another_user(process: int, signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", of_another_user)
    assert b"tollbridge_inflight 2.0" in shown()


def test_slot_nobody_has_taken_yet_has_no_living_holder(folder: Path) -> None:
    assert not multiprocess._lives(folder / "slot-1.lock")
