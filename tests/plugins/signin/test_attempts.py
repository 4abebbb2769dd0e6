import pytest

from tollbridge.administering import Place
from tollbridge_signin.attempts import LIFE_S, Attempts


@pytest.fixture
def attempts(visitor):
    return Attempts(visitor.under.gateway.box, visitor.under.clock)


async def test_attempt_comes_back_as_it_was_sealed(attempts):
    begun = attempts.begin("corp", "/_tollbridge/tokens", "per_1")

    found = await attempts.open(attempts.seal(begun))

    assert found == begun
    assert found.matches("corp", begun.state)
    assert not found.matches("other", begun.state)
    assert not found.matches("corp", begun.nonce)
    assert begun.state not in repr(begun)


async def test_all_of_an_attempt_is_fresh(attempts):
    one, other = attempts.begin("corp", "/"), attempts.begin("corp", "/")

    assert len({one.state, one.nonce, one.verifier, other.state, other.nonce, other.verifier}) == 6
    assert one.digest != other.digest


async def test_attempt_is_over_in_time(attempts, visitor):
    sealed = attempts.seal(attempts.begin("corp", "/"))

    visitor.under.clock.advance(LIFE_S - 1)
    assert await attempts.open(sealed) is not None
    visitor.under.clock.advance(1)
    assert await attempts.open(sealed) is None


async def test_what_is_none_of_ours_is_not_opened(attempts, visitor):
    sealed = attempts.seal(attempts.begin("corp", "/"))
    elsewhere = visitor.under.gateway.box.shut(b'{"provider":"corp"}', Place("answer"))
    other = "A" if sealed[30] != "A" else "B"

    for forged in ("", "x", "é", "AAAA", sealed[:-1], sealed[:30] + other + sealed[31:], elsewhere.hex(), sealed + "."):
        assert await attempts.open(forged) is None, forged
