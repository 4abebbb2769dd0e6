"""Teams, plans and applications at a gateway: found, made and changed by its admin API."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tollbridge.cli.asking import Asking, Refused
from tollbridge_ascode.shapes import ApplicationSpec, BadDocument, Document, named

_NOT_FOUND = 404
Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """An object as it is there, with the entity tag of what was seen."""

    fields: Fields
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Differing:
    """One member that is not as the document says."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A kind of objects that are what a few members say.

    `members` are those a document says, as the API names them; `fixed` those that no change touches. `ending` is the
    last part of the path that ends one, or the change that does.
    """

    kind: str
    at: str
    members: tuple[str, ...]
    fixed: tuple[str, ...] = ()
    ending: str | Mapping[str, Any] = "end"
    ended: tuple[str, ...] = ("ended_at",)
    _seen: dict[str, Found] = field(default_factory=dict, repr=False)

    def every(self, api: Asking) -> Iterator[Fields]:
        """Give all that are there and have not ended."""
        for one in api.items(self.at):
            if not any(one.get(name) for name in self.ended):
                yield one

    def find(self, api: Asking, document: Document) -> Found | None:
        """Find what a document is about; raises `BadDocument` for one that has ended and cannot be had again."""
        found = got(api, f"{self.at}/{quote(document.name, safe='')}")
        if found is not None and any(found.fields.get(name) for name in self.ended):
            raise BadDocument(f"{document.where}: the {self.kind.lower()} {document.name} has ended; name another")
        return found

    def differing(self, found: Found, document: Document) -> list[Differing]:
        """Say what is to change; raises `BadDocument` for what cannot."""
        return compared(self.stated(found.fields), named(document.spec))

    def stated(self, fields: Fields) -> Fields:
        """Give what is there in the words of a document."""
        return {name: fields[name] for name in self.members}

    def make(self, api: Asking, document: Document) -> None:
        """Make it."""
        api.ask("POST", self.at, {"name": document.name, **_told(named(document.spec))})

    def change(self, api: Asking, found: Found, document: Document, changes: list[Differing]) -> None:
        """Change what differs, if nobody else changed it since it was looked at."""
        wanted = named(document.spec)
        patch = {change.path.partition(".")[0]: wanted[change.path.partition(".")[0]] for change in changes}
        api.ask("PATCH", self.path(found.fields), _emptied(patch, found.fields), headers=matching(found))

    def end(self, api: Asking, fields: Fields) -> None:
        """End one that is there."""
        if isinstance(self.ending, str):
            api.ask("POST", f"{self.path(fields)}/{self.ending}")
        else:
            api.ask("PATCH", self.path(fields), self.ending)

    def path(self, fields: Fields) -> str:
        """Give where one is."""
        return f"{self.at}/{quote(str(fields.get('id') or fields['name']), safe='')}"

    def label(self, fields: Fields) -> str:
        """Give what people call one."""
        return str(fields["name"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Applications(Plain):
    """Applications, which are found by their name and their team."""

    def find(self, api: Asking, document: Document) -> Found | None:
        """Find what a document is about: one that has ended is as if it was not there."""
        spec: ApplicationSpec = document.spec
        one = application(api, document.name, spec.team)
        return None if one is None else got(api, self.path(one))

    def make(self, api: Asking, document: Document) -> None:
        """Make it."""
        api.ask("POST", self.at, {"name": document.name, "team": document.spec.team, **_told(named(document.spec))})


def application(api: Asking, name: str, team: str) -> Fields | None:
    """Find an application that has not ended by its name and team."""
    query = {"q": name, "team": team or None}
    for one in api.items("/applications", query):
        if one["name"] == name and one["team"] == team and not one["ended_at"]:
            return one
    return None


def got(api: Asking, path: str) -> Found | None:
    """Give what is at a path, None where nothing is."""
    reply = api.send("GET", path)
    try:
        return Found(reply.value, reply.headers.get("etag", ""))
    except Refused as exc:
        if exc.status == _NOT_FOUND:
            return None
        raise


def matching(found: Found) -> dict[str, str]:
    """Give the header that refuses a change of what somebody else changed meanwhile."""
    return {"if-match": found.tag} if found.tag else {}


def compared(before: Fields, after: Fields, at: str = "") -> list[Differing]:
    """Say in which members two differ; `after` may lack some, which then do not differ."""
    found = []
    for name, wanted in after.items():
        place, there = f"{at}{name}", before.get(name)
        if isinstance(wanted, Mapping) and isinstance(there, Mapping) and name in _NESTED:
            found += compared(there, wanted, f"{place}.")
        elif there != wanted or (name == "definition" and not _in_order(there, wanted)):
            found.append(Differing(place, there, wanted))
    return found


def _in_order(one: Any, other: Any) -> bool:
    """Whether the members of two equal values stand in the same order: a model reads them in it."""
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(_in_order(value, other[name]) for name, value in one.items())
    return not isinstance(one, list | tuple) or all(map(_in_order, one, other))


def _told(fields: Fields) -> Fields:
    """Leave out what is nothing: the API says by its absence that it was never said."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def _emptied(patch: Fields, before: Fields) -> dict[str, Any]:
    """Give a patch that takes away the members of an object that are not in it any more (RFC 7396)."""
    made = dict(patch)
    if isinstance(made.get("metadata"), Mapping):
        made["metadata"] = {**dict.fromkeys(before["metadata"]), **made["metadata"]}
    return made


_NESTED = ("limits", "budget", "quota", "design")
_LIMITS = ("requests_per_minute", "tokens_per_minute", "concurrency")
_BOUNDS = (*_LIMITS, "budget", "from", "hours")
TEAMS = Plain(kind="Team", at="/teams", members=("title", "description", "scopes", "rotate_days", *_BOUNDS))
PLANS = Plain(
    kind="Plan",
    at="/plans",
    members=("title", "description", "price_per_call_usd", "models", "budget", "quota", *_LIMITS),
    ending={"ended": True},
)
APPLICATIONS = Applications(
    kind="Application",
    at="/applications",
    members=("team", "owner", "description", "scopes", "tags", "metadata", *_BOUNDS),
)
