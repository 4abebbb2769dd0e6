"""What `check` has looked at."""

from dataclasses import dataclass

_MARKS = {"ok": "✓", "warning": "!", "error": "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.  `level` is `ok`, `warning` or `error`."""

    what: str
    result: str
    level: str = "ok"

    @property
    def mark(self) -> str:
        return _MARKS[self.level]

    def shown(self) -> dict[str, str]:
        """Give it as `--json` shows it."""
        return {"what": self.what, "result": self.result, "level": self.level}
