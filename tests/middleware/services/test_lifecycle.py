import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.errors import BadRequest
from tollbridge.services.lifecycle import Move, approval, moved
from tollbridge.services.model import ReleaseState

S, M = ReleaseState, Move
MOVES = st.lists(st.sampled_from(Move), max_size=30)


@pytest.mark.parametrize(
    ("state", "move", "there"),
    [
        (S.MADE, M.SUBMIT, S.REVIEW),
        (S.REVIEW, M.APPROVE, S.APPROVED),
        (S.REVIEW, M.REFUSE, S.REFUSED),
        (S.REVIEW, M.WITHDRAW, S.MADE),
        (S.REFUSED, M.SUBMIT, S.REVIEW),
        (S.APPROVED, M.SCHEDULE, S.SCHEDULED),
        (S.APPROVED, M.WITHDRAW, S.MADE),
        (S.SCHEDULED, M.PUBLISH, S.LIVE),
        (S.SCHEDULED, M.FAIL, S.FAILED),
        (S.LIVE, M.PROMOTE, S.LIVE),
        (S.LIVE, M.SUPERSEDE, S.SUPERSEDED),
        (S.LIVE, M.FAIL, S.FAILED),
        (S.SUPERSEDED, M.PUBLISH, S.LIVE),
        (S.FAILED, M.SUBMIT, S.REVIEW),
    ],
)
def test_release_goes_its_way(state: ReleaseState, move: Move, there: ReleaseState) -> None:
    assert moved(state, move, reviewed=True, approved=True) is there


@pytest.mark.parametrize(("state", "move"), [(S.MADE, M.APPROVE), (S.LIVE, M.SUBMIT), (S.REVIEW, M.PUBLISH)])
def test_other_ways_are_refused_with_those_that_there_are(state: ReleaseState, move: Move) -> None:
    with pytest.raises(BadRequest, match=f"a release that is {state} cannot {move}; it can: [a-z, ]+$") as caught:
        moved(state, move, reviewed=False)

    assert (caught.value.status, caught.value.code) == (409, "conflict")


def test_what_happens_by_itself_is_no_way_that_somebody_can_go() -> None:
    with pytest.raises(BadRequest, match=r"that is live cannot submit; it can: promote, supersede$"):
        moved(S.LIVE, M.SUBMIT, reviewed=False)


@pytest.mark.parametrize(
    ("state", "move"),
    [(S.MADE, M.PUBLISH), (S.MADE, M.SCHEDULE), (S.FAILED, M.PUBLISH), (S.SCHEDULED, M.PUBLISH)],
)
def test_what_nobody_approved_is_not_published_where_a_review_is_asked_for(state: ReleaseState, move: Move) -> None:
    with pytest.raises(BadRequest, match="submit it for review") as caught:
        moved(state, move, reviewed=True)

    assert caught.value.code == "review_needed"
    assert moved(state, move, reviewed=False) in (S.LIVE, S.SCHEDULED)
    assert moved(state, move, reviewed=True, approved=True) in (S.LIVE, S.SCHEDULED)


def test_unscheduled_release_is_approved_still_where_it_was() -> None:
    assert moved(S.SCHEDULED, M.UNSCHEDULE, reviewed=True, approved=True) is S.APPROVED
    assert moved(S.SCHEDULED, M.UNSCHEDULE, reviewed=False) is S.MADE


@given(moves=MOVES)
def test_whatever_is_done_nothing_serves_that_nobody_approved(moves: list[Move]) -> None:
    state, approved, decided = S.MADE, False, []
    for move in moves:
        then = approval(move, approved=approved)
        try:
            state = moved(state, move, reviewed=True, approved=then)
        except BadRequest:
            continue
        approved = then
        decided += [move] * (move in (M.APPROVE, M.REFUSE, M.WITHDRAW))
        assert decided[-1:] == [M.APPROVE] or state not in (S.LIVE, S.SCHEDULED, S.APPROVED)


@pytest.mark.parametrize("ends", [M.WITHDRAW, M.REFUSE])
def test_approval_holds_until_it_is_withdrawn_or_refused(ends: Move) -> None:
    assert approval(M.APPROVE, approved=False)
    assert approval(M.PUBLISH, approved=True)
    assert not approval(M.PUBLISH, approved=False)
    assert not approval(ends, approved=True)
