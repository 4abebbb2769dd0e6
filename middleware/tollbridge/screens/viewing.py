"""Who looks at the pages, and what they may see and do there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request

from tollbridge.audit import OPERATOR, Actor
from tollbridge.pagemodel import MenuEntry, Need
from tollbridge.people.model import BRIDGE, Person
from tollbridge.sessions import Session
from tollbridge.tokens.model import Principal
from tollbridge.tokens.scopes import ScopeSet

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

EVERYTHING = ScopeSet(("admin:*", "ai:*", "model:*", "service:*"))
_VIEWER = "tollbridge.viewer"
_OF_PEOPLE = ("admin:people:read", "admin:members:read")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who is signed in; without a `person` the operator, who may do everything.

    `standings` are what the person may do, for each team: the holder of the membership, narrowed by all above it.
    """

    session: Session
    person: Person | None = None
    standings: tuple[tuple[str, Principal], ...] = ()

    @property
    def id(self) -> str:
        """Say under which id they act: their own, of which all of their tokens are."""
        return self.person.id if self.person is not None else OPERATOR.id

    @property
    def name(self) -> str:
        return self.person.name if self.person is not None else "Administrator"

    @property
    def email(self) -> str:
        return self.person.email if self.person is not None else ""

    def teams(self, scope: str) -> Sequence[str]:
        """Give the teams in which somebody has a scope; the whole bridge, an empty name, comes first."""
        if self.person is None:
            return (BRIDGE,)
        return tuple(team for team, holder in self.standings if scope in holder.scopes)

    def reaches(self, scope: str, team: str) -> bool:
        """Whether somebody has a scope for what is of a team."""
        teams = self.teams(scope)
        return BRIDGE in teams or team in teams

    def may(self, need: Need | MenuEntry) -> bool:
        """Whether somebody has what a page needs, or a place in the menu."""
        if isinstance(need, MenuEntry) and need.own and not self.standings:
            return False
        if isinstance(need, MenuEntry) and need.member and not self.callers():
            return False
        if not need.scope:
            return True
        teams = self.teams(need.scope)
        return BRIDGE in teams if need.whole else bool(teams)

    def callers(self) -> Sequence[tuple[str, Principal]]:
        """Give those with whose rights somebody asks, each with its team: that of the whole bridge comes first."""
        if self.person is None:
            return ((BRIDGE, Principal(id=OPERATOR.id, name=OPERATOR.id, scopes=EVERYTHING)),)
        return sorted(self.standings, key=lambda one: one[0])

    def sees_addresses(self, team: str) -> bool:
        """Whether somebody may see the addresses of who is in a team."""
        return any(self.reaches(scope, team) for scope in _OF_PEOPLE)

    def minter(self, team: str) -> Principal | None:
        """Give whose rights a token is made with; None for the operator's, which are all there are."""
        return None if self.person is None else dict(self.standings)[team]

    def acting(self, client: str = "", call_id: str = "") -> Actor:
        """Say who acts, as the audit log has it."""
        return Actor(self.id, "dashboard", client, call_id)

    def actor(self, request: Request) -> Actor:
        """Say the same of who sends a request."""
        return self.acting(client_of(request))


async def viewer_of(gateway: "Gateway", session: Session) -> Viewer | None:
    """Find who has a session; None where that person is not there any more.  Raises `Unavailable`."""
    if not session.person_id:
        return Viewer(session)
    person = await gateway.people.get_person(session.person_id)
    if person is None:
        return None
    standings = []
    for member in await gateway.people.memberships(person.id):
        holder = await gateway.store.find_holder(member.holder)
        if holder is not None:
            standings.append((member.team, holder))
    return Viewer(session, person, tuple(standings))


def client_of(request: Request) -> str:
    """Give the address that a request comes from, empty where it is not known."""
    return request.client.host if request.client is not None else ""


def see(request: Request, viewer: Viewer) -> None:
    """Note who looks."""
    request.scope[_VIEWER] = viewer


def seen(request: Request) -> Viewer | None:
    """Give who looks, None before that is known."""
    viewer: Viewer | None = request.scope.get(_VIEWER)
    return viewer


def viewer(request: Request) -> Viewer:
    """Give who looks at a page that nobody else gets to."""
    found = seen(request)
    if found is None:
        raise LookupError("this page was reached without a session")
    return found
