"""The keys that providers are shown now: the live versions of what the database had at the last look.

What was learned stays: where the store is away, or a value does not open any more, the last known keys go on, each to
its own end. A key that the database no longer has is shown no longer, whatever else fails: a version's number is never
used again, so that one that is there is never another one's key. Calls ask nobody for a key: their targets are made
anew when one changes.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog

from tollbridge.clock import Clock
from tollbridge.errors import SetupError
from tollbridge.logs import hide
from tollbridge.providerkeys.naming import SERVICES
from tollbridge.sealing.places import Place
from tollbridge.shownkeys import KeptKey
from tollbridge.stores.storedsecrets import StoredSecret
from tollbridge.vault import Box

TURNED_S = 30.0
"""Seconds for which the other version of a key goes first, after the provider took that one and not the first."""

log = structlog.get_logger("tollbridge")


class Routes(Protocol):
    """What shows keys to providers."""

    def rekey(self, provider: str, keys: Sequence[str], kept: KeptKey) -> None: ...

    def unkey(self, provider: str) -> None: ...


class LiveKeys:
    """Keeps routes up to date.  `reads` names the secret of a provider, `counted` is told who refused one."""

    def __init__(
        self, routes: Routes, box: Box, clock: Clock, *, reads: Callable[[str], str], counted: Callable[[str], None]
    ) -> None:
        self._routes = routes
        self._box = box
        self._clock = clock
        self._reads = reads
        self._counted = counted
        self._rows: Sequence[StoredSecret] = ()
        self._opened: dict[tuple[str, str, int], tuple[bytes, str]] = {}
        self._failed: set[tuple[Place, bytes]] = set()
        self._shown: dict[str, tuple[Sequence[tuple[int, str]], str, KeptKey]] = {}
        self._turned: dict[str, tuple[int, float]] = {}
        self._used: dict[tuple[str, int], datetime] = {}

    async def take(self, rows: Sequence[StoredSecret]) -> None:
        """Take what the database has now, newest versions first, and show it from the next call on.

        What is gone or has ended goes first: new keys may have to wait for a key source.
        """
        self._rows = rows
        self.apply()
        await self._box.meet(row.sealed for row in rows)
        before, self._opened = self._opened, {}
        for row in rows:
            place = (row.provider, row.name, row.version)
            opened = before.get(place)
            if opened is None or opened[0] != row.sealed:
                opened = self._open(row) or opened
            if opened is not None:
                self._opened[place] = opened
        self.apply()

    def forget(self, name: str, versions: Sequence[int]) -> None:
        """Show versions of a key no longer; they were removed."""
        self._rows = [row for row in self._rows if row.name != name or row.version not in versions]
        self.apply()

    def apply(self) -> None:
        """Show what is live by the clock; nothing is done for a provider whose keys are what they were."""
        wanted = self._wanted()
        for provider in [provider for provider in self._shown if provider not in wanted]:
            self._note_use(provider)
            del self._shown[provider]
            self._routes.unkey(provider)
            log.warning("provider_key_gone", provider=provider)
        for provider, (name, versions) in wanted.items():
            ordered = self._ordered(provider, versions)
            if provider not in self._shown or self._shown[provider][0] != ordered:
                self._show(provider, name, ordered)

    def of_services(self, name: str) -> str | None:
        """Give a secret that services read, its newest live version; None where there is none."""
        now = self._clock.now()
        for row in self._rows:  # the newest of each name first
            opened = self._opened.get((row.provider, row.name, row.version))
            if row.provider == SERVICES and row.name == name and opened is not None and row.is_live(now):
                self._used[(name, row.version)] = now
                return opened[1]
        return None

    def uses(self) -> Mapping[tuple[str, int], datetime]:
        """Give the versions that were shown since this was asked last, by name and number, with when that was seen."""
        for provider in self._shown:
            self._note_use(provider)
        used, self._used = self._used, {}
        return used

    def _wanted(self) -> Mapping[str, tuple[str, Sequence[tuple[int, str]]]]:
        """Give the live versions that each provider reads, with their keys."""
        now, found = self._clock.now(), dict[str, tuple[str, list[tuple[int, str]]]]()
        for row in self._rows:
            opened = self._opened.get((row.provider, row.name, row.version))
            if opened is not None and row.is_live(now) and self._reads(row.provider) == row.name:
                found.setdefault(row.provider, (row.name, []))[1].append((row.version, opened[1]))
        return found

    def _ordered(self, provider: str, versions: Sequence[tuple[int, str]]) -> Sequence[tuple[int, str]]:
        """Put the version first that the provider took when it refused the newer one, for a while."""
        version, until = self._turned.get(provider, (0, 0.0))
        if until <= self._clock.monotonic():
            self._turned.pop(provider, None)
            return versions
        return sorted(versions, key=lambda one: one[0] != version)

    def _show(self, provider: str, name: str, versions: Sequence[tuple[int, str]]) -> None:
        """Show versions, or the one of them that can be used; where none can, none that was shown before either."""
        self._note_use(provider)
        one_each = [[version] for version in versions] if len(versions) > 1 else []
        for some in (versions, *one_each):
            kept = self._rekeyed(provider, name, some)
            if kept is not None:
                break
        else:
            kept = self._kept(provider, name, ())
            self._routes.unkey(provider)
        self._shown[provider] = (versions, name, kept)

    def _rekeyed(self, provider: str, name: str, versions: Sequence[tuple[int, str]]) -> KeptKey | None:
        """Show exactly these; None where the provider's scheme cannot use one of them."""
        kept = self._kept(provider, name, [version for version, _ in versions])
        try:
            self._routes.rekey(provider, [key for _, key in versions], kept)
        except SetupError as exc:
            shown = {"provider": provider, "name": name, "versions": kept.versions}
            log.error("provider_key_not_usable", **shown, reason=str(exc))
            return None
        log.info("provider_key_shown", provider=provider, name=name, versions=kept.versions)
        return kept

    def _kept(self, provider: str, name: str, versions: Sequence[int]) -> KeptKey:
        refused, turned = partial(self._refused, provider, name), partial(self._turn, provider)
        return KeptKey(versions, refused=refused, turned=turned)

    def _open(self, row: StoredSecret) -> tuple[bytes, str] | None:
        try:
            key = self._box.open(row.sealed, row.place).decode("utf-8")
        except ValueError as exc:
            if (row.place, row.sealed) not in self._failed:
                self._failed.add((row.place, row.sealed))
                log.error(
                    "provider_key_not_opened",
                    provider=row.provider,
                    name=row.name,
                    version=row.version,
                    reason=str(exc),
                )
            return None
        hide(key)
        return row.sealed, key

    def _refused(self, provider: str, name: str, version: int, status: int) -> None:
        self._counted(provider)
        log.warning("provider_key_refused", provider=provider, name=name, version=version, status=status)

    def _turn(self, provider: str, version: int) -> None:
        self._turned[provider] = (version, self._clock.monotonic() + TURNED_S)
        self.apply()

    def _note_use(self, provider: str) -> None:
        """Take note of what was shown, for `uses`."""
        shown = self._shown.get(provider)
        if shown is None:
            return
        _, name, kept = shown
        now = self._clock.now()
        for version, used in zip(kept.versions, (kept.used, kept.other_used), strict=False):
            if used:
                self._used[(name, version)] = now
        kept.used = kept.other_used = False
