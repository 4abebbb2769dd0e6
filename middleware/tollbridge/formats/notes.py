"""What a translation takes along beside the message, and what it has to leave behind."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NoReturn

import msgspec

from tollbridge.errors import Untranslatable
from tollbridge.formats.seal import Seal
from tollbridge.formats.values import JSON
from tollbridge.providers import Quirks

if TYPE_CHECKING:
    from tollbridge.formats.dialect import Dialect

DROPPED = b"x-tollbridge-dropped"
"""The header that names what was left behind."""
MOST_TOLD = 30
"""Names of dropped fields that are told to a caller."""

NEUTRAL: Mapping[str, JSON] = {
    "answers": 1,
    "frequency_penalty": 0,
    "logprobs": False,
    "parallel_tools": True,
    "presence_penalty": 0,
    "top_p": 1,
}
"""Values that change nothing; clients send them because they are their defaults."""


_NO_QUIRKS = Quirks()


class Notes(msgspec.Struct, eq=False):
    """The notes of one translation, from one dialect to another.

    `seal` packs state of one provider into a text of another's dialect. `strict` refuses what would be dropped.
    `quirks` tells where the host differs from the dialect that is written. `now` is the time in seconds since the
    epoch, `call_id` the id of the call, for dialects whose answers need them. `spelled` says what the caller's dialect
    calls our fields, by whole path or by what their path begins with. `answering`: an answer is written, whose unknown
    members nobody misses. `addressed`: what was written is as the host wants it already; see `written_body`.
    """

    seal: Seal
    strict: bool = False
    quirks: Quirks = _NO_QUIRKS
    now: int = 0
    call_id: str = ""
    spelled: Mapping[str, str] = {}
    answering: bool = False
    addressed: bool = False
    _dropped: dict[str, None] = msgspec.field(default_factory=dict)

    @property
    def dropped(self) -> tuple[str, ...]:
        """The fields that were left behind, each once, in the order they were met."""
        return tuple(self._dropped)

    def drop(self, field: str) -> None:
        """Leave a field of ours behind; raises `Untranslatable` under `strict`.

        Name it as the canonical model does, list items without their number: the caller is told its own word for it.
        """
        self._leave(self.spelt(field))

    def drop_extras(self, extras: Mapping[str, JSON], where: str = "") -> None:
        """Leave behind what only another dialect knows; a null says nothing, so nothing is lost with it.

        They are told by their own names, whatever those mean to us; `where` they stand is a field of ours.
        """
        if self.answering or not extras:
            return
        before = f"{self.spelt(where)}." if where else ""
        for name, value in extras.items():
            if value is not None:
                self._leave(before + name)

    def drop_given(self, where: str = "", **fields: JSON) -> None:
        """Leave behind those of the fields that were said; what says the same as silence is no loss."""
        for name, value in fields.items():
            if value is not None and not (name in NEUTRAL and NEUTRAL[name] == value):
                self.drop(f"{where}.{name}" if where else name)

    def refuse(self, field: str, why: str = "") -> NoReturn:
        """Refuse the call for a field without which it would mean something else."""
        self._refuse(self.spelt(field), why)

    def repeat(self, told: Iterable[str]) -> None:
        """Tell of what was left behind before, by the names it was told by."""
        self._dropped.update(dict.fromkeys(told))

    def _leave(self, field: str) -> None:
        if self.strict:
            self._refuse(field)
        self._dropped.setdefault(field)

    def _refuse(self, field: str, why: str = "") -> NoReturn:
        reason = why or "the model behind this name has no way to take it; leave it out or call another model"
        raise Untranslatable(f"the field {field!r} cannot be translated: {reason}", param=field)

    def spelt(self, field: str) -> str:
        """Give the caller's own word for a field of ours, a path; what is none is left as it is."""
        head, dot, tail = field.partition(".")
        return self.spelled.get(field) or self.spelled.get(head, head) + dot + tail

    def told(self) -> bytes:
        """Give the dropped fields for a header, cut where they are many."""
        return shown(self._dropped) if self._dropped else b""


def shown(fields: Iterable[str]) -> bytes:
    """Write names for a header: visible ASCII, separated by commas (RFC 9110, section 5.6.1)."""
    names = ["".join(c if "!" <= c <= "~" and c not in ',"' else "?" for c in field[:80]) for field in fields]
    more = [f"and-{len(names) - MOST_TOLD}-more"] if len(names) > MOST_TOLD else []
    return ", ".join(names[:MOST_TOLD] + more).encode("ascii")


def remark(dialect: "Dialect", fields: Iterable[str]) -> bytes:
    """Write a comment that names the fields a stream left out; nothing where a dialect's clients know no comments.

    A keep-alive that is more than an empty line shows that they do.
    """
    if not dialect.stream_type.startswith(b"text/event-stream") or not dialect.keep_alive.strip():
        return b""
    return b": %b: %b\n\n" % (DROPPED, shown(fields))
