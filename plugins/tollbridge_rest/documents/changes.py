"""What changed between two documents, and which of it a caller of the first may fail with.

The rules follow what oasdiff and openapi-diff call breaking (docs/services-openapi.md has them all); what is not seen
to be harmless is breaking.
"""

from collections.abc import Mapping, Sequence

from tollbridge.services.kinds import Change
from tollbridge_rest.documents.comparing import Comparing
from tollbridge_rest.documents.model import Alternative, Answer, Body, Document, Media, Operation, Parameter, Place
from tollbridge_rest.documents.pointers import Refs
from tollbridge_rest.documents.reporting import Report
from tollbridge_rest.documents.schemas import Schemas, Side
from tollbridge_rest.documents.templates import Template


def changes(before: Document, after: Document) -> Sequence[Change]:
    """List what changed, the breaking changes first, at most 1,000 and a line that says so."""
    return _Changes(before, after).all()


class _Changes:
    """Compares two documents."""

    def __init__(self, before: Document, after: Document) -> None:
        self._before, self._after = before, after
        self._report = Report()
        schemas = [Schemas(Refs(each.raw), old=each.old) for each in (before, after)]
        self._schemas = Comparing(schemas[0], schemas[1], self._report)

    def all(self) -> Sequence[Change]:
        before, after = _operations(self._before), _operations(self._after)
        for key in before.keys() - after.keys():
            self._report.breaks(_place(before[key]), "the operation is gone")
        for key in after.keys() - before.keys():
            self._report.notes(_place(after[key]), "an operation came")
        for key in before.keys() & after.keys():
            self._operation(before[key], after[key])
        return self._report.changes()

    def _operation(self, before: Operation, after: Operation) -> None:
        where = _place(after)
        if before.name != after.name:
            what = "the operation has another name, so scopes with the old one no longer fit"
            self._report.breaks(where, what, before.name, after.name)
        if before.deprecated != after.deprecated:
            self._report.notes(where, "it is deprecated" if after.deprecated else "it is no longer deprecated")
        self._parameters(before, after, where)
        self._body(before.body, after.body, f"{where}/body")
        self._answers(before.answers, after.answers, f"{where}/answers")
        self._security(before, after, f"{where}/security")

    def _parameters(self, before: Operation, after: Operation, where: str) -> None:
        one, other = _slots(before), _slots(after)
        for key in one.keys() - other.keys():
            self._report.breaks(f"{where}/{one[key].where}", "the parameter is gone")
        for key in other.keys() - one.keys():
            slot = other[key]
            if slot.required:
                self._report.breaks(f"{where}/{slot.where}", "a parameter that must be sent came")
            else:
                self._report.notes(f"{where}/{slot.where}", "a parameter came")
        for key in one.keys() & other.keys():
            self._slot(one[key], other[key], Side.REQUEST, f"{where}/{other[key].where}")

    def _slot(self, before: Parameter, after: Parameter, side: Side, where: str) -> None:
        """Compare two parameters, or two headers of answers."""
        narrow, wide = (before, after) if side is Side.REQUEST else (after, before)
        if wide.required and not narrow.required:
            what = "it must be sent now" if side is Side.REQUEST else "it may be missing now"
            self._report.breaks(where, what)
        elif narrow.required and not wide.required:
            self._report.notes(where, "it may be left out now" if side is Side.REQUEST else "it is always there now")
        if wide.empty != narrow.empty:
            tell = self._report.notes if wide.empty else self._report.breaks
            tell(where, "whether it may be empty changed")
        if before.deprecated != after.deprecated:
            self._report.notes(where, "it is deprecated" if after.deprecated else "it is no longer deprecated")
        if (before.style, before.explode) != (after.style, after.explode):
            styles = [f"{each.style}, explode {str(each.explode).lower()}" for each in (before, after)]
            self._report.breaks(where, "it is written in another way", *styles)
        if (before.media is None) != (after.media is None):
            self._report.breaks(where, "it is written in another way")
        elif before.media is not None and after.media is not None:
            self._content((before.media,), (after.media,), side, where)
        else:
            self._schemas.compare(before.schema, after.schema, side, where)

    def _body(self, before: Body | None, after: Body | None, where: str) -> None:
        if before is None or after is None:
            if before is not None:
                self._report.breaks(where, "the body is gone")
            elif after is not None and after.required:
                self._report.breaks(where, "a body that must be sent came")
            elif after is not None:
                self._report.notes(where, "a body came")
            return
        if after.required and not before.required:
            self._report.breaks(where, "the body must be sent now")
        elif before.required and not after.required:
            self._report.notes(where, "the body may be left out now")
        self._content(before.content, after.content, Side.REQUEST, where)

    def _content(self, before: Sequence[Media], after: Sequence[Media], side: Side, where: str) -> None:
        one, other = ({each.type: each for each in content} for content in (before, after))
        for kind in one.keys() - other.keys():
            self._report.breaks(f"{where}/{kind}", "the media type is gone")
        for kind in other.keys() - one.keys():
            self._report.notes(f"{where}/{kind}", "a media type came")
        for kind in sorted(one.keys() & other.keys()):
            if one[kind].encoding != other[kind].encoding:
                self._report.breaks(f"{where}/{kind}", "its fields are written in another way")
            self._schemas.compare(one[kind].schema, other[kind].schema, side, f"{where}/{kind}")

    def _answers(self, before: Sequence[Answer], after: Sequence[Answer], where: str) -> None:
        one, other = ({each.status: each for each in answers} for answers in (before, after))
        for status in one.keys() - other.keys():
            # a caller waits for a success; one error fewer harms nobody
            tell = self._report.notes if status[0] in "45" else self._report.breaks
            tell(f"{where}/{status}", "the answer is gone")
        for status in other.keys() - one.keys():
            self._report.notes(f"{where}/{status}", "an answer came")
        for status in sorted(one.keys() & other.keys()):
            here = f"{where}/{status}"
            self._content(one[status].content, other[status].content, Side.RESPONSE, here)
            self._headers(one[status], other[status], here)

    def _headers(self, before: Answer, after: Answer, where: str) -> None:
        one, other = ({slot.name: slot for slot in each.headers} for each in (before, after))
        for name in one.keys() - other.keys():
            self._report.breaks(f"{where}/header.{name}", "the header is gone")
        for name in other.keys() - one.keys():
            self._report.notes(f"{where}/header.{name}", "a header came")
        for name in sorted(one.keys() & other.keys()):
            self._slot(one[name], other[name], Side.RESPONSE, f"{where}/header.{name}")

    def _security(self, before: Operation, after: Operation, where: str) -> None:
        """Each way in which a call could prove itself must still be enough."""
        one, other = (list(each.security) or [{}] for each in (before, after))
        for way in one:
            if not any(_enough(way, asked) for asked in other):
                self._report.breaks(where, "more must be shown to be let in", _ways(one), _ways(other))
                return
        if [dict(each) for each in one] != [dict(each) for each in other]:
            self._report.notes(where, "there are other ways to be let in", _ways(one), _ways(other))
        for name in {name for each in (*one, *other) for name in each}:
            schemes = [each.schemes.get(name) for each in (self._before, self._after)]
            if schemes[0] is not None and _credential(schemes[0]) != _credential(schemes[1] or {}):
                self._report.breaks(f"{where}/{name}", "what is shown to be let in is another")


def _operations(document: Document) -> Mapping[tuple[str, str], Operation]:
    return {(each.method, Template(each.path).shape): each for each in document.operations}


def _slots(operation: Operation) -> Mapping[tuple[Place, str], Parameter]:
    """Tell parameters apart: those of a path by where they stand, for their names are nobody's concern."""
    at = {name: str(number) for number, name in enumerate(Template(operation.path).names)}
    return {
        (each.place, at[each.name] if each.place is Place.PATH else each.name): each for each in operation.parameters
    }


def _place(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def _enough(way: Alternative, asked: Alternative) -> bool:
    return all(name in way and set(scopes) <= set(way[name]) for name, scopes in asked.items())


def _ways(ways: Sequence[Alternative]) -> str:
    return " or ".join(" and ".join(each) or "nothing" for each in ways)


def _credential(scheme: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(scheme.get(word) for word in ("type", "in", "name", "scheme", "openIdConnectUrl"))
