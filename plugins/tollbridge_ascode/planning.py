"""What is to be done so that a gateway is as documents say: planned as a whole before anything is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tollbridge.cli.asking import Asking
from tollbridge_ascode import releasing, services, subscribing
from tollbridge_ascode.comparing import Differing, Fields, lines_of
from tollbridge_ascode.objects import APPLICATIONS, PLANS, TEAMS, Found, Outcome, Plain, got, moment_said
from tollbridge_ascode.releasing import Way
from tollbridge_ascode.seeing import Seen
from tollbridge_ascode.shapes import BadDocument, Document
from tollbridge_ascode.specs import SHAPES, SubscriptionSpec

_PLAIN: Mapping[str, Plain] = {plain.kind: plain for plain in (TEAMS, PLANS, APPLICATIONS)}
MAKE, CHANGE, RELEASE, PROVE, APPROVE, END = "make", "change", "release", "prove", "approve", "end"
DEPRECATE, KEEP, UNSCHEDULE = "deprecate", "keep", "unschedule"
PAUSE, RESUME = "pause", "resume"
_OFF_FIRST = {"Application": -2, "Team": -1}
"""Turns of what is switched off that was on: before all else. What is off by itself has another time than its team."""
_ENDING = 1
_OFF_LAST = {"Plan": 2, "Application": 2, "Team": 3}
"""Turns of what is made and switched off, once all that needs it is there."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is to be done; `told` are lines that say what differs.

    `do` does it, and says what is waited for where somebody else has to go on first. `service` is the slug of the one
    that it lets serve, or that must serve before it can be done. Steps of a lower `turn` are done before others.
    """

    action: str
    kind: str
    name: str
    do: Callable[[], Outcome | None]
    told: Sequence[str] = ()
    service: str = ""
    turn: int = 0

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Planned:
    """The steps in the order of what needs what, and how many documents are as they are.

    `later` are slugs of services of which nothing serves once the steps are done.
    """

    steps: Sequence[Step]
    same: int
    later: frozenset[str] = frozenset()


def planned(api: Asking, documents: Sequence[Document], *, prune: bool = False, prove: bool = False) -> Planned:
    """Plan everything; raises `BadDocument` for what cannot be, before anything is done.

    `prove`: releases are tried before they are published.
    """
    order = list(SHAPES)
    documents = _owned(api, documents)
    steps: list[Step] = []
    later: set[str] = set()
    same = 0
    for document in sorted(documents, key=lambda one: order.index(one.kind)):
        found = [step for step in _steps(api, document, later, steps) if prove or step.action != PROVE]
        steps += found
        same += not found
    later |= _unserved(api, steps, documents)
    steps.sort(key=lambda one: one.turn)
    if prune:
        steps += _pruned(api, documents)
    return Planned(steps, same, frozenset(later))


def _owned(api: Asking, documents: Sequence[Document]) -> Sequence[Document]:
    """Give documents with whose they are: of the team of the token that asks, where it has one and they name none."""
    if not any(getattr(document.spec, "team", None) == "" for document in documents):
        return documents
    team = api.ask("GET", "/me").get("team", "")
    owned: dict[tuple[str, ...], Document] = {}
    for one in (document.of_team(team) for document in documents):
        before = owned.setdefault(one.key, one)
        if before is not one:
            raise BadDocument(f"{one.where}: {one.kind} {one.name} of the team {team} is in {before.where} too")
    return list(owned.values())


def _steps(api: Asking, document: Document, later: set[str], before: Sequence[Step]) -> Iterator[Step]:
    if document.kind == "Service":
        yield from _service(api, document, later)
    elif document.kind == "Subscription":
        yield from _subscription(api, document)
    else:
        yield from _plain(api, document, before)


def _plain(api: Asking, document: Document, before: Sequence[Step]) -> Iterator[Step]:
    kind, name, plain = document.kind, document.name, _PLAIN[document.kind]
    found, wanted = plain.find(api, document), getattr(document.spec, plain.switch)
    if found is None:
        yield Step(MAKE, kind, name, lambda: plain.make(api, document))
        if wanted:
            told = lines_of([_switched(plain, off=True)])
            yield Step(CHANGE, kind, name, lambda: plain.turn_off(api, document), told, turn=_OFF_LAST[kind])
        return
    changes, off = plain.differing(found, document), plain.off(api, found.fields)
    if off is (not wanted) or (off is None and wanted and _freed(document, before)):
        changes.append(_switched(plain, off=wanted))
        first = _OFF_FIRST.get(kind, _OFF_LAST[kind]) if wanted and off is False else 0
        yield Step(CHANGE, kind, name, _changing(api, found, document, changes), lines_of(changes), turn=first)
    elif changes:
        yield Step(CHANGE, kind, name, _changing(api, found, document, changes), lines_of(changes))


def _switched(plain: Plain, *, off: bool) -> Differing:
    return Differing(plain.switch, "no" if off else "yes", "yes" if off else "no")


def _freed(document: Document, before: Sequence[Step]) -> bool:
    """Whether the team of an application is switched on before: then it must be switched off by itself."""
    line = lines_of([_switched(TEAMS, off=False)])[0]
    return any(one.kind == "Team" and one.name == document.spec.team and line in one.told for one in before)


def _changing(api: Asking, found: Found, document: Document, changes: Sequence[Differing]) -> Callable[[], None]:
    return lambda: _PLAIN[document.kind].change(api, found, document, changes)


def _service(api: Asking, document: Document, later: set[str]) -> Iterator[Step]:
    """Give what is to be done to a service; `later` gets its slug where nothing of it serves once that is done."""
    course = services.course_of(api, document)
    way = releasing.way_of(api, document, course.found)
    kind, name, seen = document.kind, document.name, Seen(document.name, course.found)
    if course.found is None:
        yield Step(MAKE, kind, name, lambda: services.make(api, document, seen))
    elif course.draft or course.team:
        team = [Differing("team", course.found.fields["team"], document.spec.team)] if course.team else []
        told = lines_of([*team, *course.draft])
        yield Step(CHANGE, kind, name, lambda: services.change(api, document, course, seen), told)
    pausing = lines_of(course.pause)
    if pausing and document.spec.paused is not False:  # before anything new is served
        yield Step(PAUSE, kind, name, lambda: services.pause(api, document, seen), pausing)
    for one in way.others:
        told = lines_of([Differing("publish_at", one["publish_at"], None)])
        yield Step(UNSCHEDULE, kind, f"{name} {one['version']}", _unscheduling(api, one, seen), told)
    yield from _released(api, document, way, seen, drafted=course.found is None or bool(course.draft))
    if pausing and document.spec.paused is False:
        yield Step(RESUME, kind, name, lambda: services.resume(api, document, seen), pausing)
    if way.later or not (course.serves or document.spec.publish):
        later.add(name)
    if course.ending and (course.serves or way.serve == releasing.PUBLISH):
        kept = document.spec.deprecated is None
        action, act = (KEEP, services.keep) if kept else (DEPRECATE, services.deprecate)
        needs = "" if course.serves else name
        turn = 0 if kept else _ENDING  # nobody new is let in after that
        yield Step(action, kind, name, lambda: act(api, document, seen), lines_of(course.ending), needs, turn)


def _unscheduling(api: Asking, release: Fields, seen: Seen) -> Callable[[], None]:
    return lambda: releasing.unschedule(api, release["number"], seen)


def _released(api: Asking, document: Document, way: Way, seen: Seen, *, drafted: bool) -> Iterator[Step]:
    """Give what is to be done to releases; `drafted`: the draft is written before, and its doubts are said there."""
    kind, name = document.kind, f"{document.name} {document.spec.version}"
    numbers = [way.number]

    def release() -> Outcome:
        numbers[0] = releasing.make(api, document, seen)
        return Outcome(notes=() if drafted else services.doubts_about(api, document.name))

    def serve() -> Outcome:
        return releasing.serve(api, document, way, numbers[0], seen)

    if way.make:
        yield Step(RELEASE, kind, name, release)
    if way.serve in (releasing.PUBLISH, releasing.SCHEDULE):
        yield Step(PROVE, kind, name, lambda: releasing.prove(api, document, numbers[0]))
    if way.serve:
        told = [f"waits for {releasing.APPROVAL}"] if way.waits else []
        if way.serve == releasing.SCHEDULE:
            told = [*lines_of([Differing("publish_at", way.scheduled, moment_said(document.spec.publish_at))]), *told]
        yield Step(way.serve, kind, name, serve, told, "" if way.later else document.name)


def _subscription(api: Asking, document: Document) -> Iterator[Step]:
    standing = subscribing.standing_of(api, document)
    kind, name, service = document.kind, document.name, document.spec.service
    if standing.asks:
        yield Step(MAKE, kind, name, lambda: subscribing.ask(api, document), service=service)
    elif standing.found is not None and (standing.approves or standing.changes):
        found, told = standing.found, lines_of(standing.changes)
        yield Step(APPROVE, kind, name, lambda: subscribing.approve(api, document, found), told, service)


def _unserved(api: Asking, steps: Sequence[Step], documents: Sequence[Document]) -> set[str]:
    """Name the services that are there, in no document, and needed, of which nothing serves: what needs them waits."""
    described = {document.name for document in documents if document.kind == "Service"}
    needed = {one.service for one in steps if one.kind == "Subscription"} - described
    return {slug for slug in needed if services.rests(api, slug)}


def _pruned(api: Asking, documents: Sequence[Document]) -> Iterator[Step]:
    """Give what is there and in no document, of the kinds that documents are of: the last that needs others first."""
    kinds = {document.kind for document in documents}
    keys = {document.key for document in documents}
    if "Subscription" in kinds:
        yield from _ended_subscriptions(api, documents)
    if "Application" in kinds:
        for one in APPLICATIONS.every(api):
            if ("Application", one["team"], one["name"]) not in keys:
                yield Step(END, "Application", one["name"], _ending(APPLICATIONS.end, api, APPLICATIONS.path(one)))
    if "Service" in kinds:
        for one in services.every(api):
            if ("Service", one["slug"]) not in keys:
                yield _ended_service(api, one)
    for plain in (PLANS, TEAMS):
        for one in plain.every(api) if plain.kind in kinds else ():
            if (plain.kind, one["name"]) not in keys:
                yield Step(END, plain.kind, one["name"], _ending(plain.end, api, plain.path(one)))


def _ended_service(api: Asking, fields: Fields) -> Step:
    ending = services.end_of(api, fields)
    told = [f"{ending.how}: {'it served' if ending.how == services.RETIRE else 'it never served'}"]
    return Step(END, "Service", fields["slug"], lambda: services.end(api, ending), told)


def _ended_subscriptions(api: Asking, documents: Sequence[Document]) -> Iterator[Step]:
    applications = {one["id"]: one for one in APPLICATIONS.every(api)}
    slugs = {one["id"]: one["slug"] for one in services.every(api)}
    specs = [document.spec for document in documents]
    keys = {(one.team, one.application, one.service) for one in specs if isinstance(one, SubscriptionSpec)}
    for one in subscribing.every(api):
        caller, slug = applications.get(one["application"]), slugs.get(one["service"])
        if caller is not None and (caller["team"], caller["name"], slug) not in keys:
            ends = _ending(subscribing.end, api, subscribing.path(one))
            yield Step(END, "Subscription", f"{caller['name']} to {slug}", ends)


def _ending(end: Callable[[Asking, Found], None], api: Asking, at: str) -> Callable[[], None]:
    """Look at what is to end, and give what ends it if it is as it was then; nothing is to do for what ended since."""
    found = got(api, at)
    return lambda: None if found is None else end(api, found)
