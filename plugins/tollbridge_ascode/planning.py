"""What is to be done so that a gateway is as documents say: planned as a whole before anything is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tollbridge.cli.asking import Asking
from tollbridge_ascode import services, subscribing
from tollbridge_ascode.objects import APPLICATIONS, PLANS, TEAMS, Differing, Fields, Found, Plain
from tollbridge_ascode.shapes import SHAPES, Document, SubscriptionSpec

_PLAIN: Mapping[str, Plain] = {plain.kind: plain for plain in (TEAMS, PLANS, APPLICATIONS)}
MAKE, CHANGE, RELEASE, PUBLISH, APPROVE, END = "make", "change", "release", "publish", "approve", "end"
PROVE = "prove"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is to be done; `told` are lines that say what differs.

    `do` does it, and gives what is waited for where somebody else has to go on first. `service` is the slug of the one
    that it lets serve, or that must serve before it can be done.
    """

    action: str
    kind: str
    name: str
    do: Callable[[], str | None]
    told: Sequence[str] = ()
    service: str = ""

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Planned:
    """The steps in the order of what needs what, and how many documents are as they are."""

    steps: Sequence[Step]
    same: int


def planned(api: Asking, documents: Sequence[Document], *, prune: bool = False, prove: bool = False) -> Planned:
    """Plan everything; raises `BadDocument` for what cannot be, before anything is done.

    `prove`: releases are tried before they are published.
    """
    order = list(SHAPES)
    steps: list[Step] = []
    same = 0
    for document in sorted(documents, key=lambda one: order.index(one.kind)):
        found = [step for step in _steps(api, document) if prove or step.action != PROVE]
        steps += found
        same += not found
    if prune:
        steps += _pruned(api, documents)
    return Planned(steps, same)


def _steps(api: Asking, document: Document) -> Iterator[Step]:
    if document.kind == "Service":
        yield from _service(api, document)
    elif document.kind == "Subscription":
        yield from _subscription(api, document)
    else:
        yield from _plain(api, document, _PLAIN[document.kind])


def _plain(api: Asking, document: Document, plain: Plain) -> Iterator[Step]:
    found = plain.find(api, document)
    if found is None:
        yield Step(MAKE, document.kind, document.name, lambda: plain.make(api, document))
        return
    changes = plain.differing(found, document)
    if changes:
        yield Step(
            CHANGE, document.kind, document.name, _changing(api, plain, found, document, changes), _told(changes)
        )


def _changing(
    api: Asking, plain: Plain, found: Found, document: Document, changes: list[Differing]
) -> Callable[[], None]:
    return lambda: plain.change(api, found, document, changes)


def _service(api: Asking, document: Document) -> Iterator[Step]:
    course = services.course_of(api, document)
    numbers = [course.number]
    kind, name = document.kind, document.name
    if course.found is None:
        yield Step(MAKE, kind, name, lambda: services.make(api, document))
    elif course.draft or course.team:
        told = _told(course.draft)
        if course.team:
            told = [f"team: {_short(course.found.fields['team'])} -> {_short(document.spec.team)}", *told]
        yield Step(CHANGE, kind, name, lambda: services.change(api, document, course), told)

    def release() -> None:
        numbers[0] = services.release(api, document)

    def publish() -> str:
        return services.publish(api, document, numbers[0])

    if course.release:
        yield Step(RELEASE, kind, f"{name} {course.release}", release)
    if course.publish:
        yield Step(PROVE, kind, f"{name} {course.publish}", lambda: services.prove(api, document, numbers[0]))
        told = [f"waits for {services.APPROVAL}"] if course.waits else []
        yield Step(PUBLISH, kind, f"{name} {course.publish}", publish, told, name)


def _subscription(api: Asking, document: Document) -> Iterator[Step]:
    standing = subscribing.standing_of(api, document)
    kind, name, service = document.kind, document.name, document.spec.service
    if standing.asks:
        yield Step(MAKE, kind, name, lambda: subscribing.ask(api, document), service=service)
    elif standing.approves or standing.changes:
        told = _told(standing.changes)
        yield Step(APPROVE, kind, name, lambda: subscribing.approve(api, document, standing.id), told, service)


def _pruned(api: Asking, documents: Sequence[Document]) -> Iterator[Step]:
    """Give what is there and in no document, of the kinds that documents are of: the last that needs others first."""
    kinds = {document.kind for document in documents}
    keys = {document.key for document in documents}
    if "Subscription" in kinds:
        yield from _ended_subscriptions(api, documents)
    if "Application" in kinds:
        for one in APPLICATIONS.every(api):
            if ("Application", one["team"], one["name"]) not in keys:
                yield Step(END, "Application", one["name"], _ending(APPLICATIONS.end, api, one))
    if "Service" in kinds:
        for one in services.every(api):
            if ("Service", one["slug"]) not in keys:
                yield Step(END, "Service", one["slug"], _ending(services.end, api, one))
    for plain in (PLANS, TEAMS):
        for one in plain.every(api) if plain.kind in kinds else ():
            if (plain.kind, one["name"]) not in keys:
                yield Step(END, plain.kind, one["name"], _ending(plain.end, api, one))


def _ended_subscriptions(api: Asking, documents: Sequence[Document]) -> Iterator[Step]:
    applications = {one["id"]: one for one in APPLICATIONS.every(api)}
    slugs = {one["id"]: one["slug"] for one in services.every(api)}
    specs = [document.spec for document in documents]
    keys = {(one.team, one.application, one.service) for one in specs if isinstance(one, SubscriptionSpec)}
    for one in subscribing.every(api):
        caller, slug = applications.get(one["application"]), slugs.get(one["service"])
        if caller is not None and (caller["team"], caller["name"], slug) not in keys:
            yield Step(END, "Subscription", f"{caller['name']} to {slug}", _ending(subscribing.end, api, one))


def _ending(end: Callable[[Asking, Fields], None], api: Asking, fields: Fields) -> Callable[[], None]:
    return lambda: end(api, fields)


def _told(changes: Sequence[Differing]) -> list[str]:
    return [f"{one.path}: {_short(one.before)} -> {_short(one.after)}" for one in changes]


def _short(value: Any) -> str:
    text = "nothing" if value in (None, "", [], {}) else str(value)
    line = " ".join(text[:200].split())
    return line if len(line) <= 60 else f"{line[:60]}…"
