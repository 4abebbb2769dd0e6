"""The ring of keys, as one process uses it while others change it."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.support.rings import NEW, NOON, OLD, Lockbox, rings, write_secret
from tests.support.waiting import until

from tollbridge.config import Config
from tollbridge.errors import SetupError
from tollbridge.sealing.ring import GRACE_S, LOOK_S, STALE_S, KeyRing
from tollbridge.sealing.rings import open_rings
from tollbridge.testing import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def opened(tmp_path: Path, clock: FixedClock) -> Callable[..., KeyRing]:
    """Give `opened(**options)`: the ring of one more process over the same data folder."""

    def ring(**options: Any) -> KeyRing:
        return rings(tmp_path / "data", clock, **options).keys

    return ring


def ids(ring: KeyRing) -> list[str]:
    return [key.id for key in ring.newest_first()]


def test_first_key_is_made_when_something_is_to_be_sealed(opened, tmp_path) -> None:
    ring = opened()
    ring.check()
    ring.load()
    assert ring.newest_first() == ()
    assert ring.get("1") is None
    assert not (tmp_path / "data").exists()

    key = ring.current()

    assert (key.id, key.source, len(key.content)) == ("1", "", 32)
    assert (tmp_path / "data" / "kek").read_text() == f"{key.content.hex()}\n"
    assert opened().current() == key
    assert ring.get("1") is key


def test_key_of_before_is_the_first_of_the_ring(opened, tmp_path) -> None:
    write_secret(tmp_path / "data" / "kek", f"{OLD}\n")

    key = opened().current()

    assert (key.id, key.made_at, key.content.hex()) == ("1", NOON, OLD)


def test_new_key_is_in_use_and_the_old_one_stays(opened, clock) -> None:
    first = opened().current()
    clock.advance(100)

    made = opened().rotate()

    later = opened()
    assert later.current() == made
    assert ids(later) == [made.id, "1"]
    old = later.get("1")
    assert old is not None
    assert old.content == first.content != made.content
    assert made.made_at == clock.now()
    assert len(made.id) == 8


def test_ring_may_begin_with_a_rotation(opened) -> None:
    made = opened().rotate()

    assert ids(opened()) == [made.id]


def test_other_process_learns_of_a_key_it_meets_at_once(opened) -> None:
    running = opened()
    running.current()

    made = opened().rotate()

    assert ids(running) == ["1"]
    assert not running.knows(made.id)
    assert running.get(made.id) == made
    assert running.current() == made


def test_unknown_key_is_looked_for_at_most_once_in_some_seconds(opened, clock, tmp_path) -> None:
    running = opened()
    running.current()
    assert running.get("2a") is None
    with (tmp_path / "data" / "kek").open("a") as file:
        file.write(f"2a {NEW}\n")

    assert running.get("2a") is None
    clock.advance(LOOK_S)
    assert running.get("2a") is not None


def test_other_process_seals_with_a_new_key_soon_without_meeting_it(opened, clock) -> None:
    running = opened()
    running.current()
    made = opened().rotate()
    clock.advance(LOOK_S)

    assert running.current() == made


def test_dropped_key_still_opens_where_it_was_known(opened, clock) -> None:
    running = opened()
    first = running.current()
    other = opened()
    other.rotate()
    clock.advance(GRACE_S)

    other.drop("1")

    clock.advance(LOOK_S)
    assert "1" not in ids(running)
    assert running.get("1") == first
    assert opened().get("1") is None


def test_key_is_dropped_only_once_no_gateway_can_still_seal_with_it(opened, clock, tmp_path) -> None:
    ring = opened()
    ring.current()
    made = ring.rotate()
    clock.advance(GRACE_S - 20)

    with pytest.raises(
        SetupError, match=rf"may still seal with the key 1: {made.id} was made 40 s ago; try again in 20 s"
    ):
        ring.drop("1")
    with pytest.raises(SetupError, match=rf"the key {made.id} is in use; make another first with: tollbridge secret"):
        ring.drop(made.id)
    with pytest.raises(SetupError, match=rf"kek has no key 'ff'; it has {made.id}, 1$"):
        ring.drop("ff")
    assert ids(opened()) == [made.id, "1"]

    clock.advance(20)
    ring.drop("1")
    assert ids(opened()) == [made.id]


def test_nothing_can_be_dropped_of_no_ring(opened) -> None:
    with pytest.raises(SetupError, match=r"kek has no key '1'; it has none$"):
        opened().drop("1")


def test_key_without_a_time_is_no_reason_to_wait(opened) -> None:
    ring = opened(keys="env:RING", env={"RING": f"{OLD},2a {NEW}"})

    ring.refuse_drop("1")

    with pytest.raises(SetupError, match="the keys are in the environment variable RING"):
        ring.drop("1")


def test_ring_that_is_not_read_for_long_seals_no_more_and_opens_still(opened, clock, tmp_path) -> None:
    ring = opened()
    ring.current()
    (tmp_path / "data" / "kek").unlink()
    clock.advance(STALE_S)

    with capture_logs() as logs:
        assert ring.current().id == "1"
    assert [(entry["event"], entry["ring"]) for entry in logs] == [("key_ring_not_read", "kek")]
    assert "is gone; restore it from a backup" in logs[0]["reason"]
    clock.advance(1)
    with pytest.raises(SetupError, match=r"kek was not read for 30 s, and another key may be in use; see the log"):
        ring.current()
    assert ring.get("1") is not None


def test_ring_that_does_not_change_is_read_and_stays_good(opened, clock) -> None:
    ring = opened()
    first = ring.current()
    for _ in range(10):
        clock.advance(STALE_S)
        assert ring.current() is first


def test_damage_done_while_it_runs_is_logged_and_the_keys_stay(opened, clock, tmp_path) -> None:
    ring = opened()
    first = ring.current()
    (tmp_path / "data" / "kek").write_text("00" * 32)
    clock.advance(LOOK_S)

    with capture_logs() as logs:
        assert ring.current() is first
        assert ring.get("2a") is None

    assert ["one byte over and over" in entry["reason"] for entry in logs] == [True, True]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty or too short"),
        ("ab" * 32, "one byte over and over"),
        (f"{OLD}ab", r"the key 1 in the secret .*kek must be 32 bytes, 64 hexadecimal digits"),
        (
            "2a lockbox:AQID",
            r"the key 2a in .*kek is kept by the key source 'lockbox'; configure it in \[secrets.lockbox",
        ),
    ],
)
def test_key_that_is_no_good_is_refused_at_every_first_use(opened, tmp_path, text, said) -> None:
    path = write_secret(tmp_path / "data" / "kek", text)

    for use in (KeyRing.check, KeyRing.load, KeyRing.current, KeyRing.newest_first, KeyRing.rotate):
        with pytest.raises(SetupError, match=said):
            use(opened())
    with pytest.raises(SetupError, match=said):
        opened().get("1")
    assert path.read_text() == text


def test_pepper_may_be_longer(tmp_path, clock) -> None:
    write_secret(tmp_path / "data" / "pepper", f"{OLD}ab")

    assert rings(tmp_path / "data", clock).peppers.current().content == bytes.fromhex(f"{OLD}ab")


def test_keys_are_told_once_to_who_keeps_them_out_of_logs(tmp_path, clock) -> None:
    learned: list[str] = []
    ring = open_rings(Config(data=tmp_path / "data"), clock, {}, {}, learned=learned.append).keys

    first = ring.current()
    made = ring.rotate()
    clock.advance(LOOK_S)
    ring.newest_first()

    assert learned == [first.content.hex(), made.content.hex()]


# a key source


WRAPPED = {"keys": "lockbox", "offered": {"lockbox": Lockbox}}


def test_source_wraps_the_first_key_and_opens_it_for_the_next_process(opened, tmp_path) -> None:
    key = opened(**WRAPPED).current()

    text = (tmp_path / "data" / "kek").read_text()
    assert text.startswith(f"{key.id} 2026-01-05T12:00:00Z lockbox:")
    assert key.content.hex() not in text
    assert (len(key.id), key.source) == (8, "lockbox")
    assert opened(**WRAPPED).current() == key


def test_wrapped_key_does_not_open_under_another_id(opened, tmp_path) -> None:
    key = opened(**WRAPPED).current()
    path = tmp_path / "data" / "kek"
    path.write_text(path.read_text().replace(key.id, "2a"))

    with pytest.raises(SetupError, match=r"^secrets.lockbox: the key 'kek 2a': the source failed: ValueError"):
        opened(**WRAPPED).load()


def test_source_takes_over_with_the_next_key(opened, clock) -> None:
    first = opened().current()
    assert opened(**WRAPPED).current() == first

    made = opened(**WRAPPED).rotate()

    ring = opened(**WRAPPED)
    assert [(key.id, key.source) for key in ring.newest_first()] == [(made.id, "lockbox"), ("1", "")]
    back = opened(offered={"lockbox": Lockbox}, sources={"lockbox": {}}).rotate()
    assert back.source == ""
    clock.advance(GRACE_S)
    opened(sources={"lockbox": {}}, offered={"lockbox": Lockbox}).drop(made.id)
    assert opened().current() == back


def test_source_is_asked_once_a_process_for_each_key(opened, clock) -> None:
    seen: list[str] = []

    @dataclass(frozen=True)
    class Counting(Lockbox):
        asked: list[str] = field(default_factory=lambda: seen)

    options = {"keys": "lockbox", "offered": {"lockbox": Counting}}
    ring = opened(**options)
    first = ring.current()
    for _ in range(5):
        clock.advance(LOOK_S)
        ring.current()
    made = ring.rotate()

    assert seen == [f"wrap kek {first.id}", f"unwrap kek {first.id}", f"wrap kek {made.id}", f"unwrap kek {made.id}"]


class Gate:
    """Lets a key source answer, or fail, when the test wants."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.entered = 0
        self.fails = False


async def test_no_caller_waits_for_the_source_while_it_serves(opened, clock) -> None:
    gate = Gate()

    @dataclass(frozen=True)
    class Slow(Lockbox):
        def unwrap(self, wrapped: bytes, label: str) -> bytes:
            gate.entered += 1
            gate.open.wait(30)
            if gate.fails:
                raise RuntimeError("not now")
            return super().unwrap(wrapped, label)

    options = {"keys": "lockbox", "offered": {"lockbox": Slow}}
    running = opened(**options)
    first = running.current()
    made = opened(**options).rotate()
    gate.open.clear()
    gate.entered = 0

    for _ in range(5):
        clock.advance(LOOK_S)
        assert running.current() is first
    await until(lambda: gate.entered > 0, "the question")
    assert [thread.name for thread in threading.enumerate()].count("tollbridge-ring-kek") == 1
    gate.fails = True
    with capture_logs() as logs:
        gate.open.set()
        await until(lambda: bool(logs), "the word that the ring was not read")
    assert "the source failed: RuntimeError in test_ring.py, line " in logs[0]["reason"]
    gate.fails = False

    def learned() -> bool:
        clock.advance(LOOK_S)
        return running.current() == made

    await until(learned, "the new key")


def test_rings_show_no_key(opened) -> None:
    ring = opened()
    key = ring.current()

    for thing in (ring, key, ring._entries, ring._rules):  # what a debugger would show
        assert key.content.hex() not in repr(thing)
        assert repr(key.content) not in repr(thing)


def test_time_of_a_file_is_never_in_the_way(opened, tmp_path, clock) -> None:
    ring = opened()
    first = ring.current()
    os.utime(tmp_path / "data" / "kek", (0, 0))
    clock.advance(LOOK_S)

    assert ring.current().content == first.content
