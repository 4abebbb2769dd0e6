"""Peppers: one in use, older ones still found."""

from pathlib import Path

import pytest
from tests.support.rings import NEW, NOON, OLD, Lockbox, rings, write_secret

from tollbridge.errors import SetupError
from tollbridge.sealing.ring import GRACE_S, LOOK_S, STALE_S
from tollbridge.testing import FixedClock
from tollbridge.tokens.peppers import RIPE_S, Digest, Peppers
from tollbridge.tokens.secret import digest

SECRET = b"tb_live_something"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_pepper_of_before_is_the_first(data: Path, clock: FixedClock) -> None:
    write_secret(data / "pepper", f"{OLD}\n")
    peppers = Peppers(rings(data, clock).peppers, clock)

    assert peppers.id == "1"
    assert peppers.digest(SECRET) == Digest("1", digest(bytes.fromhex(OLD), SECRET))
    assert peppers.digests(SECRET) == (peppers.digest(SECRET),)


def test_first_pepper_is_made_where_there_is_none(data: Path, clock: FixedClock) -> None:
    peppers = Peppers(rings(data, clock).peppers, clock)

    made = peppers.digest(SECRET)

    assert made.content == digest(bytes.fromhex((data / "pepper").read_text()), SECRET)
    assert Peppers(rings(data, clock).peppers, clock).digests(SECRET) == (made,)


def test_new_pepper_is_hashed_with_once_everybody_knows_it(data: Path, clock: FixedClock) -> None:
    write_secret(data / "pepper", f"{OLD}\n")
    clock.advance(100)
    peppers = Peppers(rings(data, clock).peppers, clock)
    old = peppers.digest(SECRET)
    made = rings(data, clock).peppers.rotate()
    new = Digest(made.id, digest(made.content, SECRET))

    clock.advance(RIPE_S - 1)
    assert peppers.digests(SECRET) == (old, new)
    assert (peppers.id, peppers.digest(SECRET)) == ("1", old)

    clock.advance(1)
    assert peppers.digests(SECRET) == (new, old)
    assert (peppers.id, peppers.digest(SECRET)) == (made.id, new)
    assert LOOK_S < RIPE_S < GRACE_S


def test_of_peppers_made_at_once_the_oldest_is_hashed_with(data: Path, clock: FixedClock) -> None:
    ring = rings(data, clock).peppers
    first, second = ring.rotate(), ring.rotate()
    peppers = Peppers(ring, clock)

    assert [found.pepper_id for found in peppers.digests(SECRET)] == [first.id, second.id]
    clock.advance(RIPE_S)
    assert [found.pepper_id for found in peppers.digests(SECRET)] == [second.id, first.id]


def test_dropped_pepper_is_not_tried_any_more(data: Path, clock: FixedClock) -> None:
    write_secret(data / "pepper", f"{OLD}\n")
    clock.advance(100)
    peppers = Peppers(rings(data, clock).peppers, clock)
    peppers.digests(SECRET)
    made = rings(data, clock).peppers.rotate()
    clock.advance(GRACE_S)
    rings(data, clock).peppers.drop("1")
    clock.advance(LOOK_S)

    assert [found.pepper_id for found in peppers.digests(SECRET)] == [made.id]


def test_peppers_without_a_time_are_used_as_they_stand(data: Path, clock: FixedClock) -> None:
    peppers = Peppers(rings(data, clock, pepper="env:SALT", env={"SALT": f"{OLD},2a {NEW}"}).peppers, clock)

    assert [found.pepper_id for found in peppers.digests(SECRET)] == ["2a", "1"]


def test_nothing_new_is_hashed_where_the_pepper_in_use_is_not_known_and_old_secrets_are_found(
    data: Path, clock: FixedClock
) -> None:
    peppers = Peppers(rings(data, clock).peppers, clock)
    old = peppers.digest(SECRET)
    (data / "pepper").unlink()
    clock.advance(STALE_S + 1)

    with pytest.raises(SetupError, match="pepper was not read for 30 s"):
        peppers.digest(SECRET)
    assert peppers.digests(SECRET) == (old,)


def test_pepper_may_be_wrapped_by_a_source(data: Path, clock: FixedClock) -> None:
    def opened() -> Peppers:
        return Peppers(rings(data, clock, pepper="lockbox", offered={"lockbox": Lockbox}).peppers, clock)

    made = opened().digest(SECRET)

    assert opened().digest(SECRET) == made


def test_peppers_show_none(data: Path, clock: FixedClock) -> None:
    write_secret(data / "pepper", f"{OLD}\n")
    peppers = Peppers(rings(data, clock).peppers, clock)
    peppers.digest(SECRET)

    assert OLD not in repr(peppers) + repr(vars(peppers))
    assert repr(bytes.fromhex(OLD)) not in repr(peppers) + repr(vars(peppers))


def test_pepper_that_protects_nothing_is_refused(data: Path, clock: FixedClock) -> None:
    write_secret(data / "pepper", "00" * 32)

    with pytest.raises(SetupError, match=r"the secret .*pepper: key 1 is one byte over and over"):
        Peppers(rings(data, clock).peppers, clock).digests(SECRET)
