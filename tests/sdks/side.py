"""What an SDK gets from one side: from the gateway, or from a provider itself."""

from collections.abc import Mapping
from typing import Any

from tests.sdks.rows import CLIENT, FAMILY, HOME, Family
from tests.sdks.runner import Runner
from tests.support.replay import Recorded, Replay, invented

RETRY_AFTER_S = "7"
Said = dict[str, Any]


class Side:
    """Has SDKs call `base`.  `named`: the gateway's names of models are called, not the providers' own."""

    def __init__(
        self, replay: Replay, runners: Mapping[str, Runner], base: str, token: str, *, named: bool = False
    ) -> None:
        self.replay = replay
        self.token = token
        self._runners = runners
        self._base = base
        self._named = named

    def call(self, client: str, family: Family, do: str, *, split: str = "event") -> Said:
        """Make a call that the provider answers as recorded; after a tool's result, with its plain answer."""
        cases = (do, "plain") if do == "tools" else (do,)
        self.replay.play(*(case_of(family, family.cases[case]) for case in cases), split=split)
        return self._run(client, family, do)

    def refused(self, client: str, family: Family, status: int) -> Said:
        """Make a call that the provider refuses."""
        self.replay.play(refusal(family, status))
        return self._run(client, family, "plain")

    def unknown(self, client: str, family: Family) -> Said:
        """Make a call with a token that nobody has."""
        self.replay.play(case_of(family, family.cases["plain"]))
        return self._run(client, family, "plain", token="tb_wrong")

    def _run(self, client: str, family: Family, do: str, *, token: str = "") -> Said:
        model = family.name.replace("_", "-") if self._named else family.model
        base = self._base + (CLIENT[client].below if self._named else "")
        return self._runners[client].call(do, base=base, token=token or self.token, model=model)


def case_of(family: Family, name: str) -> str:
    """Give a case with its folder."""
    return name if "/" in name else f"{family.name}/{name}"


def refusal(family: Family, status: int) -> str | Recorded:
    """Give a provider's refusal: a recorded one, or one that is invented."""
    if status in family.errors:
        return case_of(family, family.errors[status])
    headers = {"retry_after": RETRY_AFTER_S} if status == 429 else {}
    return invented(status, family.refusal(status), **headers)


def home(client: str) -> Family:
    """Give the provider whose own dialect a client speaks."""
    return FAMILY[HOME[CLIENT[client].dialect]]


def error_of(said: Said) -> tuple[str | None, int | None]:
    """Give the class and the status of what an SDK raised."""
    return said.get("error_class"), said.get("status")
