"""What becomes of services, as a plain model: docs/services.md in Python, without the code that is held against it.

It does one thing after another. What was done at once must have gone as in one order or another.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

WATCH_S, WATCH_CALLS = 300, 2
MOVES: Mapping[str, Mapping[str, str]] = {
    "submit": {"made": "review", "refused": "review", "failed": "review"},
    "approve": {"review": "approved"},
    "refuse": {"review": "refused"},
    "withdraw": {"review": "made", "approved": "made"},
    "schedule": {"made": "scheduled", "approved": "scheduled"},
    "unschedule": {"scheduled": "made"},
    "publish": dict.fromkeys(("made", "approved", "scheduled", "superseded", "failed"), "live"),
    "promote": {"live": "live"},
    "supersede": {"live": "superseded"},
    "fail": {"live": "failed", "scheduled": "failed"},
}
"""What is done to a release: from which states, and what it is then."""
Said = frozenset[str]
"""What may be answered."""
DONE, NOTHING = frozenset({"done"}), frozenset({"nothing"})


@dataclass(frozen=True)
class Draft:
    """`sick`: all calls of it fail; `tested`: it must pass a trial; `closed`: other teams need a subscription."""

    sick: bool = False
    tested: bool = False
    closed: bool = False


@dataclass(frozen=True, repr=False)
class Op:
    """What somebody does on a worker to a service, or to the release of this number; the rest is what some need."""

    what: str
    slug: str = ""
    number: int = 0
    worker: int = 0
    by: str = "ann"
    beside: bool = False
    version: str = ""
    team: str = ""
    successor: str = ""
    draft: Draft = Draft()
    at: datetime | None = None
    passed: bool = False
    why: str = ""

    def __repr__(self) -> str:
        more = " ".join(f"{name}={getattr(self, name)!r}" for name in _SAID.get(self.what, ()))
        return f"<{self.what} {self.slug} {self.number} by {self.by} on {self.worker} {more}>"


_SAID: Mapping[str, tuple[str, ...]] = {
    "begin": ("team", "draft"),
    "edit": ("draft",),
    "transfer": ("team",),
    "release": ("version",),
    "trial": ("passed",),
    "publish": ("beside",),
    "schedule": ("at",),
    "deprecate": ("successor",),
    "retire": ("successor",),
    "pause": ("why",),
    "call": ("version", "team"),
}


@dataclass
class Release:
    """`former`: whose place it took, 0 for none; `watched`: from when to when; `calls`: when, and which failed."""

    version: str
    draft: Draft
    state: str = "made"
    asked_by: str = ""
    approved: bool = False
    passed: bool = False
    due: datetime | None = None
    served: datetime | None = None
    ended: datetime | None = None
    former: int = 0
    watched: tuple[datetime, datetime] | None = None
    calls: tuple[tuple[datetime, bool], ...] = ()


@dataclass
class Service:
    """`live` is the number of the release for who asks for no version, 0 for none."""

    team: str
    draft: Draft
    revision: int = 1
    live: int = 0
    deprecated: datetime | None = None
    retired: datetime | None = None
    successor: str = ""
    paused: datetime | None = None
    why: str = ""
    releases: dict[int, Release] = field(default_factory=dict)

    @property
    def state(self) -> str:
        if self.retired:
            return "retired"
        if self.live:
            return "deprecated" if self.deprecated else "published"
        return "review" if any(one.state == "review" for one in self.releases.values()) else "draft"

    @property
    def served(self) -> bool:
        return any(one.served for one in self.releases.values())

    def serving(self) -> dict[str, Release]:
        """Give the releases that serve, by their versions."""
        return {one.version: one for one in self.releases.values() if one.state == "live"}


class Refused(Exception):
    """It is not done; `said` is what may be answered."""

    def __init__(self, *said: str) -> None:
        self.said = frozenset(said or ("409 conflict",))


@dataclass
class Model:
    """All services by slug, and what the audit log has of them: what was done, to which service and release.

    `newest_first`: in which order releases are looked at; those made in one millisecond may come in either.
    """

    review: str
    now: datetime
    services: dict[str, Service] = field(default_factory=dict)
    log: list[tuple[str, str, int]] = field(default_factory=list)
    newest_first: bool = False

    def do(self, op: Op) -> Said:
        """Do it, or leave all as it is; says what may be answered."""
        one = self.services.get(op.slug)
        if one is None and op.what not in _ANYWHERE:
            return NOTHING
        try:
            return _DOES.get(op.what, Model._move)(self, op, one) or DONE
        except Refused as exc:
            return exc.said

    def _told(self, op: Op, what: str = "", number: int = 0) -> None:
        self.log.append((f"service.{what or op.what}", op.slug, number))

    def _begin(self, op: Op, one: Service | None) -> None:
        if one is not None:
            raise Refused("409 already_exists")
        self.services[op.slug] = Service(op.team, op.draft)
        self._told(op, "add")

    def _drop(self, op: Op, one: Service) -> None:
        if one.served:
            raise Refused
        del self.services[op.slug]
        self._told(op)

    def _edit(self, op: Op, one: Service) -> None:
        _must_go_on(one)
        if op.draft != one.draft:
            one.draft, one.revision = op.draft, one.revision + 1
            self._told(op, "change")

    def _transfer(self, op: Op, one: Service) -> None:
        _must_go_on(one)
        if op.team != one.team:
            one.team = op.team
            self._told(op, "change")

    def _deprecate(self, op: Op, one: Service) -> None:
        _must_serve(one)
        if one.deprecated and one.successor == op.successor:
            return
        _must_be_another(op)
        one.deprecated, one.successor = one.deprecated or self.now, op.successor
        self._told(op)

    def _keep(self, op: Op, one: Service) -> None:
        _must_serve(one)
        if one.deprecated:
            one.deprecated, one.successor = None, ""
            self._told(op, "undeprecate")

    def _pause(self, op: Op, one: Service) -> None:
        _must_go_on(one)
        if not one.paused or one.why != op.why:
            one.paused, one.why = one.paused or self.now, op.why
            self._told(op)

    def _resume(self, op: Op, one: Service) -> None:
        _must_go_on(one)
        if one.paused:
            one.paused, one.why = None, ""
            for release in one.releases.values():
                if release.watched is not None:
                    since, until = release.watched
                    release.watched = (self.now, self.now + (until - since))
            self._told(op)

    def _retire(self, op: Op, one: Service) -> None:
        if one.retired and op.successor in ("", one.successor):
            return
        if not one.served:
            raise Refused
        _must_be_another(op)
        one.retired, one.live, one.successor = one.retired or self.now, 0, op.successor or one.successor
        one.paused, one.why = None, ""
        for number, release in sorted(one.releases.items()):
            if release.state == "live":
                self._end(release, "superseded")
            elif release.state in ("review", "approved", "scheduled"):
                self._told(op, "unschedule" if release.state == "scheduled" else "withdraw", number)
                release.state, release.due = "made", None
        self._told(op)

    def _release(self, op: Op, one: Service) -> None:
        _must_go_on(one)
        if any(release.version == op.version for release in one.releases.values()):
            raise Refused("409 already_exists")
        number = len(one.releases) + 1
        one.releases[number] = Release(op.version, one.draft)
        self._told(op, number=number)

    def _trial(self, op: Op, one: Service) -> Said | None:
        if op.number not in one.releases:
            return NOTHING
        one.releases[op.number].passed = op.passed
        self._told(op, "prove", op.number)
        return None

    def _move(self, op: Op, one: Service) -> Said | None:
        release = one.releases.get(op.number)
        if release is None:
            return NOTHING
        _must_go_on(one)
        self._check(op, one, release)
        before, release.state = release.state, MOVES[op.what][release.state]
        if op.what == "submit":
            release.asked_by = op.by
        elif op.what in ("approve", "refuse", "withdraw"):
            release.approved = op.what == "approve"
        elif op.what == "schedule":
            release.due = op.at
        elif op.what == "unschedule":
            release.due, release.state = None, "approved" if release.approved else "made"
        elif op.what == "publish":
            self._publish(op, one, release)
        elif op.what == "promote":
            self._lead(op, one, release)
        elif before == "live":
            self._end(release, release.state)
            if one.live == op.number:
                one.live = self._next(one, release.former)
        else:
            release.due, release.ended = None, self.now
        self._told(op, number=op.number)
        return None

    def _check(self, op: Op, one: Service, release: Release) -> None:
        """Refuse what is no way, or needs something first."""
        asked = op.what == "approve" and self.review == "four_eyes" and op.by == release.asked_by
        alone = ["403 four_eyes"] if asked else []
        leads = op.what in ("promote", "supersede") and one.live == op.number
        if release.state not in MOVES[op.what] or leads:
            raise Refused("409 conflict", *alone)
        if alone:
            raise Refused(*alone)
        if op.what in ("publish", "schedule") and release.state != "superseded":
            if self.review != "none" and not release.approved:
                raise Refused("409 review_needed")
            if release.draft.tested and not release.served and not release.passed:
                raise Refused("409 not_proven")

    def _publish(self, op: Op, one: Service, release: Release) -> None:
        former = one.releases.get(one.live)
        release.served, release.ended, release.due = self.now, None, None
        if op.beside and former is not None:
            release.former, release.watched = 0, self._soon()
            return
        self._lead(op, one, release)
        if former is not None:
            self._end(former, "superseded")

    def _lead(self, op: Op, one: Service, release: Release) -> None:
        release.former, one.live, release.watched = one.live, op.number, self._soon()

    def _soon(self) -> tuple[datetime, datetime]:
        return self.now, self.now + timedelta(seconds=WATCH_S)

    def _end(self, release: Release, state: str) -> None:
        release.state, release.ended, release.watched = state, self.now, None

    def _next(self, one: Service, former: int) -> int:
        """Give the release that takes over, watched anew: the one before, which serves again, or the newest beside."""
        before = one.releases.get(former)
        if before is not None and before.state in ("live", "superseded"):
            before.state, before.ended = "live", None
        else:
            former = max((number for number, other in one.releases.items() if other.state == "live"), default=0)
        if former:
            one.releases[former].watched = self._soon()
        return former

    def _due(self, op: Op, one: None) -> None:
        """Publish what was scheduled for now or before; what cannot be published fails."""
        due = [(release.due, *place) for *place, release in self.each() if release.due and release.due <= self.now]
        for _, slug, number in sorted(due):
            if self.do(Op("publish", slug, number)) != DONE:
                self.do(Op("fail", slug, number))

    def _watch(self, op: Op, one: None) -> None:
        """Take back of whose calls more than half failed; watch no more of whom the time is over."""
        found = [(*place, release, release.watched) for *place, release in self.each() if release.watched]
        for slug, number, release, (since, until) in sorted(found, key=lambda one: one[1], reverse=self.newest_first):
            failed = [wrong for at, wrong in release.calls if at >= since]
            if len(failed) >= WATCH_CALLS and sum(failed) > len(failed) / 2:
                self.do(Op("fail", slug, number))
            elif self.now >= until and not self.services[slug].paused and release.watched == (since, until):
                release.watched = None

    def _call(self, op: Op, one: Service | None) -> Said:
        """Answer a call of who has a token of a team, of a version or of none."""
        if one is not None and one.retired:
            return frozenset({f"410 {one.successor}".strip()})
        if one is None or not one.served:
            return frozenset({"404 there is no service"})
        if one.paused or not one.live:
            return frozenset({f"503 {one.why}".strip()})
        release = one.serving().get(op.version) if op.version else one.releases[one.live]
        if release is None:
            return frozenset({f"404 it serves {', '.join(sorted(one.serving()))}"})
        if release.draft.closed and op.team != one.team:
            return frozenset({"403 not_subscribed"})
        release.calls += ((self.now, release.draft.sick),)
        ends = f" ends {one.successor}".rstrip() if one.deprecated else ""
        return frozenset({f"{500 if release.draft.sick else 200} {release.version}{ends}"})

    def each(self) -> Iterator[tuple[str, int, Release]]:
        """Give all releases, with slug and number."""
        for slug, one in self.services.items():
            for number, release in one.releases.items():
                yield slug, number, release


_DOES: Mapping[str, Callable[[Model, Op, Any], Said | None]] = {
    "begin": Model._begin,
    "drop": Model._drop,
    "edit": Model._edit,
    "transfer": Model._transfer,
    "deprecate": Model._deprecate,
    "keep": Model._keep,
    "pause": Model._pause,
    "resume": Model._resume,
    "retire": Model._retire,
    "release": Model._release,
    "trial": Model._trial,
    "due": Model._due,
    "watch": Model._watch,
    "call": Model._call,
}
_ANYWHERE = ("begin", "call", "due", "watch")


def _must_go_on(one: Service) -> None:
    if one.retired:
        raise Refused


def _must_serve(one: Service) -> None:
    if one.retired or not one.live:
        raise Refused


def _must_be_another(op: Op) -> None:
    if op.successor == op.slug:
        raise Refused
