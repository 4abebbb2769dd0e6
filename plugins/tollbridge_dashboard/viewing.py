"""Who looks at the pages, and what they may see and do there."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

from tollbridge import Actor, Gateway, Principal
from tollbridge.people.model import Person
from tollbridge.sessions import Session

READ, WRITE = "admin:tokens:read", "admin:tokens:write"
BRIDGE = ""
"""In place of a team: the whole bridge."""
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
        return self.person.id if self.person is not None else "operator"

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

    @property
    def has_home(self) -> bool:
        """Whether Home, with the figures of all teams, is theirs to see."""
        return BRIDGE in self.teams(READ)

    def sees_addresses(self, team: str) -> bool:
        """Whether somebody may see the addresses of who is in a team."""
        return any(self.reaches(scope, team) for scope in _OF_PEOPLE)

    def minter(self, team: str) -> Principal | None:
        """Give whose rights a token is made with; None for the operator's, which are all there are."""
        return None if self.person is None else dict(self.standings)[team]

    def actor(self, request: Request) -> Actor:
        """Say who acts, as the audit log has it."""
        client = request.client.host if request.client is not None else ""
        return Actor(self.id, "dashboard", client)


async def viewer_of(gateway: Gateway, session: Session) -> Viewer | None:
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
