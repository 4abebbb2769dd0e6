"""Which way a release may go: a table, and nothing else."""

from enum import StrEnum

from tollbridge.errors import BadRequest
from tollbridge.services.model import ReleaseState


class Move(StrEnum):
    """What is done to a release."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    REFUSE = "refuse"
    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    PUBLISH = "publish"
    PROMOTE = "promote"
    SUPERSEDE = "supersede"
    FAIL = "fail"


_S, _M = ReleaseState, Move
_WAYS: dict[tuple[ReleaseState, Move], ReleaseState] = {
    (_S.MADE, _M.SUBMIT): _S.REVIEW,
    (_S.REFUSED, _M.SUBMIT): _S.REVIEW,
    (_S.FAILED, _M.SUBMIT): _S.REVIEW,
    (_S.REVIEW, _M.WITHDRAW): _S.MADE,
    (_S.APPROVED, _M.WITHDRAW): _S.MADE,
    (_S.REVIEW, _M.APPROVE): _S.APPROVED,
    (_S.REVIEW, _M.REFUSE): _S.REFUSED,
    (_S.MADE, _M.SCHEDULE): _S.SCHEDULED,
    (_S.APPROVED, _M.SCHEDULE): _S.SCHEDULED,
    (_S.SCHEDULED, _M.UNSCHEDULE): _S.MADE,
    (_S.MADE, _M.PUBLISH): _S.LIVE,
    (_S.APPROVED, _M.PUBLISH): _S.LIVE,
    (_S.SCHEDULED, _M.PUBLISH): _S.LIVE,
    (_S.SUPERSEDED, _M.PUBLISH): _S.LIVE,
    (_S.FAILED, _M.PUBLISH): _S.LIVE,
    (_S.SCHEDULED, _M.FAIL): _S.FAILED,
    (_S.LIVE, _M.PROMOTE): _S.LIVE,
    (_S.LIVE, _M.SUPERSEDE): _S.SUPERSEDED,
    (_S.LIVE, _M.FAIL): _S.FAILED,
}
_NEEDS_APPROVAL = frozenset(
    ((_S.MADE, _M.PUBLISH), (_S.MADE, _M.SCHEDULE), (_S.FAILED, _M.PUBLISH), (_S.SCHEDULED, _M.PUBLISH))
)
"""What goes on without a review only where none is asked for, or where one was passed before."""
_ENDS_APPROVAL = (_M.WITHDRAW, _M.REFUSE)


def approval(move: Move, *, approved: bool) -> bool:
    """Say whether a release is approved after a move: until its review is withdrawn, or another one refuses it."""
    return move is Move.APPROVE or (approved and move not in _ENDS_APPROVAL)


def moved(state: ReleaseState, move: Move, *, reviewed: bool, approved: bool = False) -> ReleaseState:
    """Give the state a release comes to.  `reviewed`: none may be published that nobody approved.

    `approved`: somebody did, and it holds. One that is unscheduled is as good as approved still, where it was.
    Raises `BadRequest` (409) naming what can be done instead.
    """
    there = _WAYS.get((state, move))
    if there is None:
        can = ", ".join(sorted(other for at, other in _WAYS if at is state and other is not Move.FAIL)) or "nothing"
        raise _refused(f"a release that is {state} cannot {move}; it can: {can}")
    if reviewed and not approved and (state, move) in _NEEDS_APPROVAL:
        raise _refused(f"a release must be approved before it can {move}; submit it for review", "review_needed")
    if move is Move.UNSCHEDULE and approved:
        return ReleaseState.APPROVED
    return there


def _refused(why: str, code: str = "conflict") -> BadRequest:
    return BadRequest(why, code=code, status=409)
