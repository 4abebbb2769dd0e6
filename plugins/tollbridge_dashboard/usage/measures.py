"""What a report measures, and what it is told apart by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Cell, cells
from tollbridge.screens.words import usd_nano


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a report: `field` is what the API calls it; money is nano-dollars in a chart."""

    name: str
    title: str
    field: str
    money: bool = False
    adds_up: bool = True

    def of(self, figures: Mapping[str, Any]) -> int:
        """Give it as a whole number, 0 where it is not known."""
        value = figures[self.field]
        if value is None:
            return 0
        return usd_nano(value) if self.money else int(value)

    def cell(self, figures: Mapping[str, Any]) -> Cell:
        """Write it."""
        value = figures[self.field]
        if self.money:
            return cells.money(value)
        return cells.number(value) if self.adds_up else cells.milliseconds(value)


MEASURES = {
    one.name: one
    for one in (
        Measure("cost", N_("Cost"), "cost_usd", money=True),
        Measure("calls", N_("Requests"), "calls"),
        Measure("failed", N_("Failures"), "failed"),
        Measure("refused", N_("Refusals"), "refused"),
        Measure("input", N_("Input tokens"), "input_tokens"),
        Measure("output", N_("Output tokens"), "output_tokens"),
        Measure("cached", N_("Tokens from the cache"), "cache_read_tokens"),
        Measure("reasoning", N_("Reasoning tokens"), "reasoning_tokens"),
    )
}
LATENCIES = (
    Measure("p50", N_("p50"), "latency_p50_ms", adds_up=False),
    Measure("p95", N_("p95"), "latency_p95_ms", adds_up=False),
    Measure("first_byte", N_("First byte, p50"), "first_byte_p50_ms", adds_up=False),
)
DIMENSIONS = {
    "model": N_("Model"),
    "service": N_("Service"),
    "team": N_("Team"),
    "token": N_("Token"),
    "provider": N_("Provider"),
    "ending": N_("How it ended"),
    "operation": N_("Operation"),
    "application": N_("Application"),
}
OTHERS = "others"
_ENDINGS = {
    "ok": N_("answered"),
    "client_error": N_("refused by the provider or service (4xx)"),
    "client_gone": N_("the caller left"),
    "stopped": N_("switched off on purpose"),
    "refused": N_("refused by the bridge"),
    "unserved": N_("could not be served"),
    "failed": N_("failed (5xx)"),
    "truncated": N_("cut off"),
}


def ending(name: str) -> str:
    """Say how calls ended."""
    return _(_ENDINGS[name]) if name in _ENDINGS else name


def called(by: str, key: str, name: str | None) -> str:
    """Say what a group is called: by its name where it has one, and what has none by what it is."""
    if by == "ending":
        return ending(key)
    if name:
        return name
    return key or _("none")
