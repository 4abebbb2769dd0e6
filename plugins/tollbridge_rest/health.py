"""What is thought of a node, and how that changes.  Pure: a state and what happened go in, the next state comes out."""

from dataclasses import dataclass

from tollbridge_rest.definition import Health


@dataclass(frozen=True, slots=True)
class Passive:
    """What calls have met.  `failures` are times, none older than the window; it rests until `resting_until`.

    `probing`: it has rested, and the first call that fails sends it to rest again.
    """

    failures: tuple[float, ...] = ()
    resting_until: float = 0.0
    probing: bool = False

    def rests(self, now: float) -> bool:
        """Whether it should be left alone."""
        return now < self.resting_until


FRESH = Passive()


def failed(state: Passive, now: float, rules: Health) -> Passive:
    """Give what is thought after a failed call at `now`, in seconds that never go back."""
    if rules.fails == 0 or state.rests(now):
        return state
    failures = (*(at for at in state.failures if at > now - rules.window_s), now)
    if state.probing or len(failures) >= rules.fails:
        return Passive((), now + rules.rest_s, probing=True)
    return Passive(failures, 0.0)


def succeeded(state: Passive, now: float) -> Passive:
    """Give what is thought after a good call; one that began before the node rested does not wake it."""
    if state.rests(now) or not state.probing:
        return state
    return FRESH


@dataclass(frozen=True, slots=True)
class Checked:
    """What checks have found.  `streak` counts those in a row that say otherwise."""

    up: bool = True
    streak: int = 0


def checked(state: Checked, good: bool, rules: Health) -> Checked:
    """Give what is thought after a check."""
    if good is state.up:
        return Checked(state.up)
    streak = state.streak + 1
    needed = rules.healthy_after if good else rules.unhealthy_after
    return Checked(good) if streak >= needed else Checked(state.up, streak)


def in_ranges(status: int, ranges: tuple[str, ...]) -> bool:
    """Whether a status is one of those meant by `204` or `2XX`."""
    return str(status) in ranges or f"{status // 100}XX" in ranges
