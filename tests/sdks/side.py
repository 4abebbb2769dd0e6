"""What an SDK gets from one side: from the gateway, or from a provider itself."""

from collections.abc import Mapping
from typing import Any

from tests.sdks.rows import CLIENT
from tests.sdks.runner import Runner
from tests.sdks.table import Case, Family
from tests.support.replay import Answer, Replay, invented

RETRY_AFTER_S = "7"
Said = dict[str, Any]
Runners = Mapping[tuple[str, ...], Runner]


class Side:
    """Has SDKs call `base`.  `through`: it is a gateway, where models have its names and some APIs another path."""

    def __init__(self, replay: Replay, runners: Runners, base: str, token: str, *, through: bool = False) -> None:
        self.replay = replay
        self.token = token
        self._runners = runners
        self._base = base
        self._through = through

    def call(self, client: str, family: Family, do: str, *, case: str = "", split: str = "event") -> Said:
        """Make a call that the provider answers with a case, the call's own where none is named.

        After a tool's result it answers with its plain answer.
        """
        cases = (do, "plain") if do == "tools" else (case or do,)
        self.replay.play(*(case_of(family, family.cases[name]) for name in cases), split=split)
        return self._run(client, family, do)

    def refused(self, client: str, family: Family, status: int, do: str) -> Said:
        """Make a call that the provider refuses."""
        self.replay.play(refusal(family, status))
        return self._run(client, family, do)

    def unknown(self, client: str, family: Family, do: str) -> Said:
        """Make a call with a token that nobody has."""
        self.replay.play(case_of(family, family.cases[do]))
        return self._run(client, family, do, token="tb_wrong")

    def alone(self, client: str, do: str, model: str) -> Said:
        """Make a call that needs no provider; one would answer 404."""
        self.replay.play()
        return self._task(client, do, model, self.token)

    def _run(self, client: str, family: Family, do: str, *, token: str = "") -> Said:
        return self._task(client, do, family.alias if self._through else family.model, token or self.token)

    def _task(self, client: str, do: str, model: str, token: str) -> Said:
        base = self._base + (CLIENT[client].below if self._through else "")
        return self._runners[CLIENT[client].runner].call(do, base=base, token=token, model=model)


class Remembered:
    """What SDKs get from the providers themselves: it is the same every time, so each thing is asked for once."""

    def __init__(self, direct: Side) -> None:
        self._direct = direct
        self._said: dict[tuple[str | int, ...], Said] = {}

    def call(self, client: str, family: Family, do: str, *, case: str = "") -> Said:
        """Give what a call gives, as `Side.call` does."""
        key = ("call", client, family.name, do, case)
        if key not in self._said:
            self._said[key] = self._direct.call(client, family, do, case=case)
        return self._said[key]

    def refused(self, client: str, family: Family, status: int, do: str) -> Said:
        """Give what a refusal gives, as `Side.refused` does."""
        key = ("refused", client, family.name, status, do)
        if key not in self._said:
            self._said[key] = self._direct.refused(client, family, status, do)
        return self._said[key]


def case_of(family: Family, case: Case) -> str | Answer:
    """Give a case with its folder, or what makes it."""
    if isinstance(case, str):
        return case if "/" in case else f"{family.name}/{case}"
    return case.answer


def refusal(family: Family, status: int) -> str | Answer:
    """Give a provider's refusal: a recorded one, or one that is invented."""
    if status in family.errors:
        return case_of(family, family.errors[status])
    headers = {"retry_after": RETRY_AFTER_S} if status == 429 else {}
    return invented(status, family.refusal(status), **headers)


def error_of(said: Said) -> tuple[str | None, int | None]:
    """Give the class and the status of what an SDK raised."""
    return said.get("error_class"), said.get("status")
