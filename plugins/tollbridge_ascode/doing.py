"""A plan done, step by step."""

from collections.abc import Sequence

from tollbridge import SetupError
from tollbridge_ascode.planning import Planned, Step


def do(plan: Planned) -> Sequence[str]:
    """Do the steps in their order, and say of each what it waits for, empty where it is done.

    Where a service waits, so does what needs it. Raises `SetupError` for the first that fails, saying what is done.
    """
    waits: list[str] = []
    held: set[str] = set()
    for step in plan.steps:
        waiting = f"the service {step.service}" if step.service in held else _try(step, plan, waits)
        if waiting:
            held.add(step.service)
        waits.append(waiting)
    return waits


def _try(step: Step, plan: Planned, before: Sequence[str]) -> str:
    try:
        return step.do() or ""
    except SetupError as exc:
        done = before.count("")
        raise SetupError(
            f"{step} failed: {exc}; {done} of {len(plan.steps)} steps are done and {len(plan.steps) - done} are not: "
            "mend it, and run this again"
        ) from None
