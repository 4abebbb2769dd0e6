"""Who is in the browser, and what they can lend to a client: their memberships, each with its own rights."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

from tollbridge import Actor, Gateway, Principal
from tollbridge.authorizing import Consent
from tollbridge.browsing import SESSION, read_cookie
from tollbridge.people.model import Member, Person
from tollbridge.sessions import Session
from tollbridge_oauth.known import KnownClient
from tollbridge_oauth.tokens import address_of


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who is signed in."""

    session: Session
    person: Person


@dataclass(frozen=True, slots=True)
class Lender:
    """A membership whose rights reach as far as a client asks; `remembered`: it has lent all of that already."""

    member: Member
    holder: Principal
    remembered: bool

    @property
    def team(self) -> str:
        """The team, empty for the whole bridge."""
        return self.member.team


class Lending:
    """Finds both."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def session(self, request: Request) -> Session | None:
        """Give the session of a browser; raises `Unavailable`."""
        return await self._gateway.sessions.find(read_cookie(request, SESSION))

    async def visitor(self, session: Session) -> Visitor | None:
        """Give the person of a session; None for the operator, who came by a link and is nobody's member."""
        person = await self._gateway.people.get_person(session.person_id) if session.person_id else None
        return None if person is None else Visitor(session, person)

    async def lenders(self, visitor: Visitor, client: KnownClient, scopes: Sequence[str]) -> Sequence[Lender]:
        """List the memberships that can lend this; a client of a team is lent to in that team alone."""
        found = []
        for member in await self._gateway.people.memberships(visitor.person.id):
            if client.holder.team not in ("", member.team):
                continue
            holder = await self._gateway.store.find_holder(member.holder)
            if holder is not None and not holder.scopes.lacking(scopes):
                remembered = await self._gateway.grants.covers(holder.id, client.id, scopes)
                found.append(Lender(member, holder, remembered))
        return found


def consent(lender: Lender, client: KnownClient, scopes: Sequence[str]) -> Consent:
    """Say what is lent."""
    return Consent(
        holder=lender.holder.id,
        client_id=client.id,
        scopes=tuple(scopes),
        owner=lender.member.person_id,
        team=lender.team,
        name=client.client.token.name,
    )


def actor(request: Request, visitor: Visitor) -> Actor:
    """Say who lends, for the audit log."""
    return Actor(visitor.person.id, "oauth", address_of(request))
