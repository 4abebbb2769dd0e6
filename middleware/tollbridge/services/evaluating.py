"""What trials of a release gave: kept, so that publishing can ask for it and releases can be compared.  Pure."""

from datetime import datetime

import msgspec

from tollbridge.errors import BadRequest
from tollbridge.services.kinds import CaseResult, Proof

KEPT = 20
"""Evaluations that are kept of one release; the last one counts."""
MEDIAN, SLOWEST = 50, 95
"""Percentiles of latencies that are shown."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one trial of a release gave.

    `number` counts from 1 in its release, `by` is the id of who asked for it. `digest` is that of the design that was
    tried, `models` those that the definition calls.
    """

    release_id: str
    number: int
    at: datetime
    by: str
    passed: bool
    digest: bytes
    models: tuple[str, ...] = ()
    cases: tuple[CaseResult, ...] = ()

    @property
    def good(self) -> int:
        """Count the cases that passed."""
        return sum(case.passed for case in self.cases)

    @property
    def cost(self) -> int | None:
        """Give what all cases took, in nano-dollars; None where a part of it is not known, or there are none."""
        costs = [case.cost for case in self.cases if case.cost is not None]
        return sum(costs) if costs and len(costs) == len(self.cases) else None

    @property
    def cost_per_case(self) -> int | None:
        """Give what a case took on average, in nano-dollars rounded up; None where that is not known."""
        cost = self.cost
        return None if cost is None else -(-cost // len(self.cases))

    def latency_ms(self, percentile: int) -> int | None:
        """Give the latency that so many percent of the cases did not exceed, by nearest rank; None without cases."""
        found = sorted(case.latency_ms for case in self.cases)
        return found[-(-percentile * len(found) // 100) - 1] if found else None


class Proved(msgspec.Struct, frozen=True):
    """A trial that was made: what came of it, and what is kept of that."""

    proof: Proof
    evaluation: Evaluation


class Compared(msgspec.Struct, frozen=True):
    """What differs between the last trials of two releases; what one of the two has no figure for is None.

    `failing` are names of cases that fail and did not before, those that are new among them; `passing` those that pass
    and failed before. `cost_per_case` is in nano-dollars.
    """

    good: int | None = None
    cost_per_case: int | None = None
    failing: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()


def compared(before: Evaluation | None, after: Evaluation | None) -> Compared:
    """Compare the last trials of two releases."""
    if before is None or after is None:
        return Compared()
    had = {case.name: case.passed for case in before.cases}
    cost, cost_before = after.cost_per_case, before.cost_per_case
    return Compared(
        good=after.good - before.good,
        cost_per_case=None if cost is None or cost_before is None else cost - cost_before,
        failing=tuple(case.name for case in after.cases if not case.passed and had.get(case.name, True)),
        passing=tuple(case.name for case in after.cases if case.passed and not had.get(case.name, True)),
    )


def check_proved(slug: str, number: int, last: Evaluation | None) -> None:
    """Refuse to publish a release that did not pass its last trial.

    Raises `BadRequest` (409, `not_proven`) that says how one is made.
    """
    if last is not None and last.passed:
        return
    how = f"POST /services/{slug}/releases/{number}/prove, or `tollbridge service prove {slug} {number}`"
    needed = f"release {number} must pass its tests before it is published"
    if last is None:
        said = f"{needed}, and was not tried yet; run them: {how}"
    else:
        said = f"{needed}, and did not: {last.good} of {len(last.cases)} cases passed; run them again: {how}"
    raise BadRequest(said, code="not_proven", status=409)
