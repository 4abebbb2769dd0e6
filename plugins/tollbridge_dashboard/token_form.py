"""The form of a new token: read from a query or a post, checked field by field, kept as it was typed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from gettext import gettext as _

from tollbridge import TokenBudget, TokenLimits

CARDS = {
    "ai:chat": ("chat", "Chat completions and messages"),
    "ai:embeddings": ("embeddings", "Turn text into vectors"),
    "model:*": ("every model", "Whatever is served, now and later"),
}
EXPIRIES = {"7": "in 7 days", "30": "in 30 days", "90": "in 90 days", "365": "in a year", "never": "never"}
_BEGIN_WITH = ("ai:chat", "ai:embeddings", "model:*")
_TEXTS = ("name", "owner", "team", "scopes", "models", "budget", "rpm", "tpm", "expires")
_LONGEST_OWNER = 100
_LARGEST_USD = Decimal(1_000_000_000)
_LARGEST_RATE = 1_000_000_000


@dataclass(slots=True)
class TokenForm:
    """What was typed, and what is wrong with it."""

    texts: dict[str, str] = field(default_factory=dict)
    cards: tuple[str, ...] = _BEGIN_WITH
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, given: Mapping[str, Sequence[str]], *, posted: bool) -> "TokenForm":
        """Read it; a query that names no scope at all begins with the usual ones."""
        texts = {name: (given.get(name) or [""])[0].strip() for name in _TEXTS}
        texts["expires"] = texts["expires"] if texts["expires"] in EXPIRIES else "90"
        cards = tuple(card for card in CARDS if card in given.get("scope", ()))
        named = posted or cards or texts["scopes"] or texts["models"]
        return cls(texts, cards if named else _BEGIN_WITH)

    def scopes(self) -> list[str]:
        """Give the scopes that were asked for; notes what is missing to make them useful."""
        models = [name for name in self.texts["models"].replace(",", " ").split() if name]
        found = [*self.cards, *self.texts["scopes"].replace(",", " ").split(), *(f"model:{name}" for name in models)]
        if models and "model:*" in self.cards:
            self.errors["models"] = _("Every model is ticked; untick it, or leave this empty.")
        calls_models = any(scope.startswith("ai:") for scope in found)
        if calls_models and not any(scope.startswith("model:") for scope in found):
            self.errors["models"] = _("Name at least one model, or tick every model.")
        if not found:
            self.errors["scopes"] = _("A token without a scope opens nothing; tick or write at least one.")
        return found

    def owner(self) -> str:
        """Give the owner."""
        owner = self.texts["owner"]
        if len(owner) > _LONGEST_OWNER or not owner.isprintable():
            self.errors["owner"] = _("At most %d printable characters.") % _LONGEST_OWNER
        return owner

    def budget(self) -> TokenBudget | None:
        """Give the budget a month, or None for none."""
        text = self.texts["budget"].lstrip("$").replace(",", "")
        if not text:
            return None
        try:
            usd = Decimal(text)
        except InvalidOperation:
            usd = Decimal("NaN")
        if not usd.is_finite() or not 0 <= usd <= _LARGEST_USD:
            self.errors["budget"] = _("An amount in US dollars, such as 25 or 1.50.")
            return None
        return TokenBudget(int((usd * 1_000_000_000).to_integral_value()), "month")

    def limits(self) -> TokenLimits:
        """Give the limits; an empty field leaves the gateway's own in force."""
        return TokenLimits(requests_per_minute=self._whole("rpm"), tokens_per_minute=self._whole("tpm"))

    def _whole(self, name: str) -> int | None:
        text = self.texts[name].replace(",", "")
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= _LARGEST_RATE):
            self.errors[name] = _("A whole number; 0 is no limit.")
            return None
        return int(text)

    def expires_at(self, now: datetime) -> datetime | None:
        """Give when it ends, None for never."""
        chosen = self.texts["expires"]
        return None if chosen == "never" else now + timedelta(days=int(chosen))

    def expiries(self, now: datetime, show: Callable[[datetime], str]) -> list[tuple[str, str]]:
        """Give the choices, with their dates."""
        return [
            (key, _(label) if key == "never" else f"{_(label)} ({show(now + timedelta(days=int(key)))})")
            for key, label in EXPIRIES.items()
        ]
