"""Policies that a service or a plan brings along: written as data, and run around the calls that they are of.

The operator's own, of `[policies]`, have judged the call before. Only a policy that says `for_services = True` can be
named there: its options then come from whoever writes the service or the plan.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, get_args, get_type_hints

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from tollbridge.clock import Clock
from tollbridge.errors import ConfigError, InternalError, SetupError, Unavailable
from tollbridge.layers.policies import Policies, check_policies
from tollbridge.options import build, suggest
from tollbridge.services.book import Live
from tollbridge.services.model import Named

Made = tuple[tuple[str, Any], ...]
"""Policies ready to be run, by their names, the first one outermost."""
_MOST_PLANS = 1_000
_WRITTEN: Mapping[Any, Callable[[str], object]] = {
    time: time.fromisoformat,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
}
"""What TOML has a type for and JSON has not."""


class Policing:
    """Makes and runs the policies that services and plans name.  `offered` are all that plugins registered."""

    def __init__(
        self, offered: Mapping[str, type], *, timeout_s: float, failed: Callable[[str], None], clock: Clock
    ) -> None:
        self._offered = {name: cls for name, cls in offered.items() if getattr(cls, "for_services", False) is True}
        self._options: dict[str, Any] = {"timeout_s": timeout_s, "failed": failed, "clock": clock}
        self._plans: dict[str, Made] = {}

    def problems(self, named: Named) -> Sequence[tuple[str, str]]:
        """Say which of them cannot be run, each by its name and with the reason."""
        found = list[tuple[str, str]]()
        for name, options in named.items():
            try:
                self._make(name, options)
            except SetupError as exc:
                found.append((name, str(exc)))
        return found

    def make(self, named: Named) -> Made:
        """Make policies; raises `SetupError` for the first one that cannot be."""
        return tuple((name, self._make(name, options)) for name, options in named.items())

    def guarded(self, live: Live, plan: str) -> Policies | None:
        """Put the policies of a release and those of a plan, as they are written, around what answers its calls.

        Those of a plan are made once for all calls under it. None where there are none; raises `Unavailable` where one
        cannot be run any more.
        """
        try:
            if live.policies is None:
                live.policies = self.make(live.design.policies)
            made = (*live.policies, *(self._of_plan(plan) if plan else ()))
        except (SetupError, msgspec.MsgspecError) as exc:
            raise Unavailable(
                "a policy of this service cannot be run, so the call is refused", code="policy_failed", detail=str(exc)
            ) from None
        return self.around(cross_entered, made) if made else None

    def around(self, app: ASGIApp, made: Made) -> Policies:
        """Put policies around what answers."""
        return Policies(app, policies=made, **self._options)

    def _of_plan(self, written: str) -> Made:
        made = self._plans.get(written)
        if made is None:
            made = self.make(msgspec.json.decode(written, type=dict[str, dict[str, Any]]))
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            self._plans[written] = made
        return made

    def _make(self, name: str, options: Mapping[str, Any]) -> object:
        offered = self._offered.get(name)
        if offered is None:
            raise ConfigError(
                f"no installed plugin offers a policy {name[:63]!r} for services{suggest(name, self._offered)}"
            )
        policy: object = build(offered, _typed(offered, options), f"policies.{name}")
        check_policies([(name, policy)])
        return policy


async def cross_entered(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a call of a service, from within its policies."""
    entered = scope["tollbridge"].entered
    if entered is None:
        raise InternalError("policies of a service around no call of one")
    await entered.answer(scope, receive, send)


def _typed(cls: type, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give options with the times and dates among them read; what is none is left, and refused by its type."""
    try:
        hints = get_type_hints(cls)
    except NameError:
        return options  # `build` says so
    return {key: _read(hints.get(key), value) for key, value in options.items()}


def _read(hint: Any, value: Any) -> Any:
    wanted = [read for kind, read in _WRITTEN.items() if kind is hint or kind in get_args(hint)]
    if not wanted or not isinstance(value, str):
        return value
    try:
        return wanted[0](value)
    except ValueError:
        return value
