"""A ring of keys: the newest one is in use, the older ones still open what they sealed.

A running process reads its ring again as it uses it, so that a key that another process adds is known within `LOOK_S`,
or at once where something names it. It stops to seal before anybody may drop the key that it seals with.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock, Thread

import structlog

from tollbridge.clock import Clock
from tollbridge.data import SHORTEST, weakness
from tollbridge.errors import SetupError
from tollbridge.sealing.homes import RingPlace
from tollbridge.sealing.sources import Keeper
from tollbridge.sealing.text import FIRST, Entry

LOOK_S = 2.0
"""Seconds after which the ring is read again at its next use, and between two looks for a key it does not have."""
STALE_S = 30.0
"""Seconds for which nothing is sealed any more without knowing what the ring is now."""
GRACE_S = 60.0
"""Seconds for which no older key may be dropped after a new one was made."""

log = structlog.get_logger("tollbridge")


@dataclass(frozen=True, slots=True)
class Key:
    """One key that can be used.  `source` is the key source that keeps it, empty for the ring itself."""

    id: str
    made_at: datetime | None
    source: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RingRules:
    """What the keys of a ring are for.

    `use` is told to key sources; `source` wraps new keys, none where empty. `exact`: a key is 32 bytes, not more.
    `command` makes another key. `noun` is what one is called, `does` what is done with it.
    `learned` is told each key in hexadecimal, to keep it out of logs.
    """

    use: str
    source: str = ""
    exact: bool = True
    command: str = "tollbridge secret rotate-key"
    noun: str = "key"
    does: str = "seal"
    learned: Callable[[str], None] = field(default=lambda _: None, repr=False)


class KeyRing:
    """The keys in one place.  Whatever cannot be used raises `SetupError`; threads may share it.

    `keepers` are the key sources that its entries may name.
    """

    def __init__(self, place: RingPlace, clock: Clock, rules: RingRules, keepers: Mapping[str, Keeper]) -> None:
        self.where = place.where
        self._place = place
        self._clock = clock
        self._rules = rules
        self._keepers = keepers
        self._taking = Lock()
        self._entries: tuple[Entry, ...] = ()
        self._taken: dict[Entry, Key] = {}
        self._keys: tuple[Key, ...] = ()
        self._all: dict[str, Key] = {}
        self._looked_at = self._known_at = self._missed_at = -STALE_S
        self._behind: Thread | None = None

    def check(self) -> None:
        """Read what can be read without a key source, and make nothing."""
        for entry in self._place.read() or ():
            if entry.source:
                self._keeper(entry)
            else:
                self._checked(entry, entry.content)

    def load(self) -> None:
        """Read the ring and have its keys unwrapped.  Makes nothing."""
        now = self._clock.monotonic()
        self._take(self._place.read() or ())
        self._looked_at = now

    def newest_first(self) -> tuple[Key, ...]:
        """Give the keys of the ring."""
        self._look()
        return self._keys

    def current(self) -> Key:
        """Give the newest key, made if there is none; raises `SetupError` where the ring was not read for long."""
        self._look()
        if not self._keys:
            self._place.begin(self._entry(_random_id() if self._rules.source else FIRST))
            self.load()
        if self._clock.monotonic() - self._known_at > STALE_S:
            raise SetupError(f"{self.where} was not read for {STALE_S:g} s, and another key may be in use; see the log")
        return self._keys[0]

    def get(self, id: str) -> Key | None:
        """Give a key by its id.  One that was dropped while this process knew it still opens here."""
        self._look()
        now = self._clock.monotonic()
        if id not in self._all and now - self._missed_at >= LOOK_S:
            self._missed_at = now
            self._try(self.load)
        return self._all.get(id)

    def knows(self, id: str) -> bool:
        """Whether `get` finds that key without a look at the ring."""
        return id in self._all

    def rotate(self) -> Key:
        """Make a new key, in use from now on."""
        self.load()
        known = {key.id for key in self._keys}
        made = self._entry(next(id for id in iter(_random_id, "") if id not in known))
        self._place.change(lambda entries: (*entries, made))
        self.load()
        return self._keys[0]

    def refuse_drop(self, id: str) -> None:
        """Raise `SetupError` where a key is not there, in use, or was so until just now.  See `GRACE_S`."""
        self.load()
        if id not in (key.id for key in self._keys):
            known = ", ".join(key.id for key in self._keys) or "none"
            raise SetupError(f"{self.where} has no {self._rules.noun} {id!r}; it has {known}")
        newest = self._keys[0]
        if newest.id == id:
            raise SetupError(f"the {self._rules.noun} {id} is in use; make another first with: {self._rules.command}")
        age = (self._clock.now() - newest.made_at).total_seconds() if newest.made_at is not None else GRACE_S
        if age < GRACE_S:
            raise SetupError(
                f"running gateways may still {self._rules.does} with the {self._rules.noun} {id}: {newest.id} was made "
                f"{max(age, 0):.0f} s ago; try again in {GRACE_S - age:.0f} s"
            )

    def drop(self, id: str) -> None:
        """Forget a key; only for who has seen that nothing needs it.  Raises what `refuse_drop` does."""
        self.refuse_drop(id)
        self._place.change(lambda entries: tuple(entry for entry in entries if entry.id != id))
        self.load()

    def _entry(self, id: str) -> Entry:
        key, source = os.urandom(SHORTEST), self._rules.source
        held = self._keepers[source].wrap(key, self._label(id)) if source else key
        plain = id == FIRST and not source  # as old programs write and read it
        return Entry(id, None if plain else self._clock.now(), source, held)

    def _look(self) -> None:
        """Read the ring again where that is due.  After the first time no caller waits for a source."""
        now = self._clock.monotonic()
        if now - self._looked_at < LOOK_S:
            return
        if not self._entries:
            self.load()
            return
        self._looked_at = now
        self._try(lambda: self._look_again(now))

    def _look_again(self, now: float) -> None:
        entries = self._place.read()
        if entries is None:
            raise SetupError(f"{self.where} is gone; restore it from a backup")
        if entries == self._entries:
            self._known_at = now
        elif all(entry in self._taken or not entry.source for entry in entries):
            self._take(entries)
        elif self._behind is None or not self._behind.is_alive():
            name = f"tollbridge-ring-{self._rules.use}"
            self._behind = Thread(target=self._try, args=(lambda: self._take(entries),), name=name, daemon=True)
            self._behind.start()

    def _try(self, work: Callable[[], None]) -> None:
        """Do it; where that fails, the ring stays as it was known."""
        try:
            work()
        except SetupError as exc:
            log.error("key_ring_not_read", ring=self._rules.use, reason=str(exc))

    def _take(self, entries: tuple[Entry, ...]) -> None:
        with self._taking:
            now = self._clock.monotonic()
            taken = {entry: self._taken.get(entry) or self._opened(entry) for entry in entries}
            self._entries, self._taken, self._keys = entries, taken, tuple(reversed(taken.values()))
            self._all = self._all | {key.id: key for key in self._keys}
            self._known_at = now

    def _opened(self, entry: Entry) -> Key:
        content = self._keeper(entry).unwrap(entry.content, self._label(entry.id)) if entry.source else entry.content
        self._checked(entry, content)
        self._rules.learned(content.hex())
        return Key(entry.id, entry.made_at, entry.source, content)

    def _checked(self, entry: Entry, content: bytes) -> None:
        weak = weakness(content)
        if weak or (self._rules.exact and len(content) != SHORTEST):
            raise SetupError(
                f"the key {entry.id} in {self.where} {f'is {weak}' if weak else f'must be {SHORTEST} bytes'}, "
                f"{2 * SHORTEST} hexadecimal digits; restore it from a backup"
            )

    def _keeper(self, entry: Entry) -> Keeper:
        found = self._keepers.get(entry.source)
        if found is None:
            raise SetupError(
                f"the key {entry.id} in {self.where} is kept by the key source {entry.source!r}; configure it in "
                f"[secrets.{entry.source}]"
            )
        return found

    def _label(self, id: str) -> str:
        return f"{self._rules.use} {id}"


def _random_id() -> str:
    """Make an id of eight hexadecimal digits."""
    return f"{0x1000_0000 + secrets.randbelow(0xF000_0000):08x}"
