"""States of providers in callers' hands outlive a change of the pepper."""

from tests.support.rings import rings

from tollbridge.formats.parts import State
from tollbridge.pepperseal import PepperSeal
from tollbridge.sealing.ring import GRACE_S, LOOK_S
from tollbridge.testing import FixedClock

STATE = State("gemini", {"thoughtSignature": "abc"})


def opened(tmp_path, clock: FixedClock):
    tmp_path.chmod(0o700)
    ring = rings(tmp_path, clock).peppers
    ring.current()
    return ring


def test_state_comes_back_after_the_pepper_was_changed_and_not_after_it_was_dropped(tmp_path) -> None:
    clock = FixedClock()
    ring = opened(tmp_path, clock)
    seal = PepperSeal(ring)
    before = seal.pack(STATE)
    assert before is not None

    ring.rotate()
    after = seal.pack(STATE)

    assert after is not None
    assert after != before
    assert (seal.unpack(before), seal.unpack(after)) == (STATE, STATE)
    clock.advance(GRACE_S)
    ring.drop("1")
    assert (seal.unpack(before), seal.unpack(after)) == (None, STATE)


def test_process_that_knows_the_pepper_from_before_learns_the_new_one(tmp_path) -> None:
    clock = FixedClock()
    seal = PepperSeal(opened(tmp_path, clock))
    other = opened(tmp_path, clock)
    other.rotate()
    packed = PepperSeal(other).pack(STATE)
    assert packed is not None

    clock.advance(LOOK_S)

    assert seal.unpack(packed) == STATE
    assert seal.unpack(packed[:-4]) is None
