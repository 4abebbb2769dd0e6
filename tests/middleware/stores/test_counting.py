"""What counts as what: one word for how a call ended says the same as the counts do."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tollbridge.call import Outcome
from tollbridge.stores.counting import ENDING, ENDINGS, FAILED, MEASURES, MOST_TOKENS, REFUSED, ending_of
from tollbridge.testing.samples import ROW

FAILURES, REFUSALS = {"failed", "truncated", "unserved"}, {"refused", "unserved"}
ASKED = f"SELECT {ENDING}, {FAILED}, {REFUSED} FROM (SELECT ? AS outcome, ? AS status, ? AS error)"


@pytest.mark.traced
@given(
    st.sampled_from([outcome.value for outcome in Outcome]),
    st.integers(0, 599),
    st.sampled_from(["", "unavailable", "service_paused", "operation_disabled"]),
)
def test_ending_says_whether_a_call_failed_or_was_refused(outcome, status, error):
    db = sqlite3.connect(":memory:")
    ending, failed, refused = db.execute(ASKED, (outcome, status, error)).fetchone()
    db.close()

    assert ending in ENDINGS
    assert ending == ending_of(replace(ROW, outcome=outcome, status=status, error=error))
    assert bool(failed) == (ending in FAILURES)
    assert bool(refused) == (ending in REFUSALS)


def test_no_provider_can_make_a_sum_overflow():
    db = sqlite3.connect(":memory:")
    (told,) = db.execute(
        f"SELECT {MEASURES['reasoning_tokens']} FROM (SELECT ? AS reasoning_tokens)", (2**62,)
    ).fetchone()
    db.close()

    assert told == MOST_TOKENS
