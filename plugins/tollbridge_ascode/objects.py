"""Teams, plans and applications at a gateway: found, made and changed by its admin API."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tollbridge.cli.asking import Asking, Refused
from tollbridge_ascode.comparing import Differing, Fields, compared
from tollbridge_ascode.shapes import BadDocument, Document, named
from tollbridge_ascode.specs import ApplicationSpec

_DENIED, _NOT_FOUND, _CONFLICT = 403, 404, 409


@dataclass(frozen=True, slots=True)
class Found:
    """An object as it is there, with the entity tag of what was seen."""

    fields: Fields
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step: what it waits for, empty where it is done, and whom it concerns, in sentences."""

    waits: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A kind of objects that are what a few members say.

    `members` are those a document says, as the API names them. `ending` is the last part of the path that ends one, or
    the change that does. `switch` is the member that says that one is off.
    """

    kind: str
    at: str
    members: tuple[str, ...]
    ending: str | Mapping[str, Any] = "end"
    ended: tuple[str, ...] = ("ended_at",)
    switch: str = "disabled"

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
        """Say what is to change, but for whether it is off; raises `BadDocument` for what cannot."""
        return compared(self.stated(found.fields), self._said(document))

    def off(self, api: Asking, fields: Fields) -> bool | None:
        """Whether one is off by itself, None for what is off with what it is of."""
        return fields[f"{self.switch}_at"] is not None

    def stated(self, fields: Fields) -> Fields:
        """Give what is there in the words of a document."""
        return {name: fields[name] for name in self.members}

    def make(self, api: Asking, document: Document) -> Outcome:
        """Make it, and leave it on."""
        api.ask("POST", self.at, {"name": document.name, **_told(self._said(document))})
        return Outcome()

    def change(self, api: Asking, found: Found, document: Document, changes: Sequence[Differing]) -> None:
        """Change what differs, if nobody else changed it since it was looked at: off comes first, and on last."""
        wanted, off = self._said(document), getattr(document.spec, self.switch)
        switched = any(change.path == self.switch for change in changes)
        patched = {change.path.partition(".")[0] for change in changes} - {self.switch}
        if switched and off:
            found = self._turned(api, found, off=True)
        if patched:
            patch = _emptied({name: wanted[name] for name in patched}, found.fields)
            found = _sent(api, "PATCH", self.path(found.fields), found, patch)
        if switched and not off:
            self._turned(api, found, off=False)

    def turn_off(self, api: Asking, document: Document) -> Outcome:
        """Switch one off that was made before."""
        found = self.find(api, document)
        if found is None:
            return Outcome(f"the {self.kind.lower()} {document.name}")
        self._turned(api, found, off=True)
        return Outcome()

    def end(self, api: Asking, found: Found) -> None:
        """End one that is there, if nobody else changed it since it was looked at."""
        if isinstance(self.ending, str):
            _sent(api, "POST", f"{self.path(found.fields)}/{self.ending}", found)
        else:
            _sent(api, "PATCH", self.path(found.fields), found, self.ending)

    def _said(self, document: Document) -> dict[str, Any]:
        """Give what a document says in the words of the API, but for whether it is off."""
        return {name: value for name, value in named(document.spec).items() if name != self.switch}

    def _turned(self, api: Asking, found: Found, *, off: bool) -> Found:
        return _sent(api, "POST", f"{self.path(found.fields)}/{'disable' if off else 'enable'}", found)

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

    def off(self, api: Asking, fields: Fields) -> bool | None:
        """Whether one is off by itself, None for what went off with its team, and at the same time."""
        since, name = fields["disabled_at"], fields["team"]
        if since is None or not name:
            return since is not None
        try:
            team = got(api, f"{TEAMS.at}/{quote(name, safe='')}")
        except Refused as exc:
            if exc.status != _DENIED:
                raise
            return True
        return True if team is None or team.fields["disabled_at"] != since else None

    def make(self, api: Asking, document: Document) -> Outcome:
        """Make it, and leave it on; says what that waits for where its team is off."""
        team, owner = document.spec.team, document.spec.owner.strip()
        try:
            made = _sent(api, "POST", self.at, None, {"name": document.name, **_told(self._said(document))})
        except Refused as exc:
            waits = resting(api, team) if exc.status == _CONFLICT else ""
            if not waits:
                raise
            return Outcome(waits)
        if made.fields["owner"] != owner:  # that of the token, where none is said
            _sent(api, "PATCH", self.path(made.fields), made, {"owner": owner})
        return Outcome()

    def change(self, api: Asking, found: Found, document: Document, changes: Sequence[Differing]) -> None:
        """Change what differs, also where its team was switched since it was looked at."""
        super(Applications, self).change(api, self._now(api, found), document, changes)

    def end(self, api: Asking, found: Found) -> None:
        """End one that is there, also where its team was switched since it was looked at."""
        super(Applications, self).end(api, self._now(api, found))

    def _now(self, api: Asking, found: Found) -> Found:
        """Give one as it is now, where nothing but its team was switched since it was looked at."""
        now = got(api, self.path(found.fields)) or found
        return now if _steady(now) == _steady(found) else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans(Plain):
    """Plans, which are off once they have ended: a document may say so."""

    def find(self, api: Asking, document: Document) -> Found | None:
        """Find what a document is about, one that has ended where it says that."""
        found = got(api, f"{self.at}/{quote(document.name, safe='')}") if document.spec.ended else None
        return found or super(Plans, self).find(api, document)

    def _turned(self, api: Asking, found: Found, *, off: bool) -> Found:
        return _sent(api, "PATCH", self.path(found.fields), found, {"ended": off})


def resting(api: Asking, team: str) -> str:
    """Name a team that is disabled, as what is waited for; empty for one that is not, and for none."""
    found = got(api, f"{TEAMS.at}/{quote(team, safe='')}") if team else None
    return f"the team {team}, which is disabled" if found is not None and found.fields["disabled_at"] else ""


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


def moment_of(said: str | None) -> datetime | None:
    """Read a time that the API says."""
    return None if said is None else datetime.fromisoformat(said)


def moment_said(moment: datetime | None) -> str | None:
    """Write a time as the API does."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def matching(found: Found) -> dict[str, str]:
    """Give the header that refuses a change of what somebody else changed meanwhile."""
    return {"if-match": found.tag} if found.tag else {}


def _sent(api: Asking, method: str, path: str, found: Found | None, body: Any = None) -> Found:
    """Ask for a change, if nobody else made one since it was looked at, and give what is there then."""
    reply = api.send(method, path, body, headers={} if found is None else matching(found))
    return Found(reply.value, reply.headers.get("etag", ""))


def _steady(found: Found) -> Fields:
    """Give what of an application stays as it is where its team is switched, and where it is used."""
    return {name: value for name, value in found.fields.items() if name not in ("state", "disabled_at", "counts")}


def _told(fields: Fields) -> Fields:
    """Leave out what is nothing: the API says by its absence that it was never said."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def _emptied(patch: Fields, before: Fields) -> dict[str, Any]:
    """Give a patch that takes away the members of an object that are not in it any more (RFC 7396)."""
    made = dict(patch)
    if isinstance(made.get("metadata"), Mapping):
        made["metadata"] = {**dict.fromkeys(before["metadata"]), **made["metadata"]}
    return made


_LIMITS = ("requests_per_minute", "tokens_per_minute", "concurrency")
_BOUNDS = (*_LIMITS, "budget", "from", "hours")
TEAMS = Plain(kind="Team", at="/teams", members=("title", "description", "scopes", "rotate_days", *_BOUNDS))
PLANS = Plans(
    kind="Plan",
    at="/plans",
    members=("title", "description", "price_per_call_usd", "models", "budget", "quota", "policies", *_LIMITS),
    ending={"ended": True},
    switch="ended",
)
APPLICATIONS = Applications(
    kind="Application",
    at="/applications",
    members=("team", "owner", "description", "scopes", "tags", "metadata", *_BOUNDS),
)
