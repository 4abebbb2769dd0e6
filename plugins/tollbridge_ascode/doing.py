"""A plan done, step by step."""

from collections.abc import Callable, Sequence

from tollbridge import SetupError
from tollbridge_ascode.objects import Outcome
from tollbridge_ascode.planning import Planned, Step

Heard = Callable[[Step, str], None]


def _unheard(step: Step, note: str) -> None:
    """Leave a note where it is: in the outcome."""


def do(plan: Planned, heard: Heard = _unheard) -> Sequence[Outcome]:
    """Do the steps in their order, and say what came of each.

    Where a service waits, so does what needs it. `heard` gets each note of a step as soon as that is done. Raises
    `SetupError` for the first that fails, saying what is done.
    """
    outcomes: list[Outcome] = []
    held = set(plan.later)
    for step in plan.steps:
        waits = f"the service {step.service}" if step.service in held else ""
        outcome = Outcome(waits) if waits else _try(step, plan, outcomes)
        if outcome.waits and step.service and step.kind == "Service":
            held.add(step.service)
        for note in outcome.notes:
            heard(step, note)
        outcomes.append(outcome)
    return outcomes


def _try(step: Step, plan: Planned, before: Sequence[Outcome]) -> Outcome:
    try:
        return step.do() or Outcome()
    except SetupError as exc:
        done = sum(not one.waits for one in before)
        raise SetupError(
            f"{step} failed: {exc}; {done} of {len(plan.steps)} steps are done and {len(plan.steps) - done} are not: "
            "mend it, and run this again"
        ) from None
