"""Who somebody that a provider vouches for is here, and what their groups make them."""

import structlog

from tollbridge import Actor, BadRequest, Gateway, NotFound
from tollbridge.people.model import Member, Person
from tollbridge.sessions import OidcConfig
from tollbridge_signin.identities import Identity
from tollbridge_signin.refusals import SignInRefused, Why

log = structlog.get_logger("tollbridge")


class Arrivals:
    """Finds people, makes them where that is allowed, and keeps their memberships as their groups are."""

    def __init__(self, gateway: Gateway) -> None:
        self._people = gateway.people

    async def person(self, name: str, options: OidcConfig, known: Identity, client: str, *, whom: str = "") -> Person:
        """Give the person, with the memberships that the groups give; raises `SignInRefused`.

        Who was here before is known by the provider's subject alone: an e-mail may be given to somebody else. `whom` is
        the id of who has to come; anybody else is refused before anything of theirs is made or changed.
        """
        by = Actor(f"oidc:{name}", "sign-in", client)
        person = await self._people.find_by_identity(known.issuer, known.subject)
        is_known = person is not None
        person = person or await self._by_address(known)
        if whom and (person is None or person.id != whom):
            raise SignInRefused(Why.OTHER)
        if person is not None and person.disabled_at is not None:
            raise SignInRefused(Why.DISABLED)
        if person is None or not is_known:
            person = await self._first(person, options, known, by)
        await self._settle(person, options, known, by)
        return person

    async def _by_address(self, known: Identity) -> Person | None:
        """Find who comes by this provider for the first time, by the e-mail."""
        if not known.email:
            raise SignInRefused(Why.UNVERIFIED)
        return await self._people.find_person(known.email)

    async def _first(self, person: Person | None, options: OidcConfig, known: Identity, by: Actor) -> Person:
        """Keep who somebody is to this provider, and make them where they are new and that is allowed.

        It is for who is invited: the provider vouches for the address, and inviting is making somebody by theirs.
        """
        if person is None and not options.create and not await self._people.invitations.for_address(known.email):
            raise SignInRefused(Why.UNKNOWN)
        try:
            if person is None:
                person = await self._people.add_person(email=known.email, name=known.name, by=by)
            await self._people.link_identity(person.id, known.issuer, known.subject, by=by)
        except BadRequest as exc:
            raise SignInRefused(Why.UNKNOWN, f"an identity could not be kept: {exc.message}") from exc
        return person

    async def _settle(self, person: Person, options: OidcConfig, known: Identity, by: Actor) -> None:
        """Have exactly the memberships that the groups give, beside those that somebody gave by hand.

        Of several groups that give a role in one team the first of the configuration counts. Where that role cannot be
        set, for want of it or of the team, what they gave before is taken away. Raises `Unavailable`.
        """
        wanted: dict[str, str] = {}
        for group, given in options.groups.items():
            if group in known.groups:
                wanted.setdefault(given.team, given.role)
        there = {member.team: member for member in await self._people.memberships(person.id)}
        ours = {team: member.role for team, member in there.items() if member.via == known.issuer}
        for team in [*(ours.keys() - wanted.keys()), *wanted]:
            role = wanted.get(team, "")
            if ours.get(team) == role or (team in there and team not in ours):
                continue
            seen = there.get(team)
            done = await self._give(person.id, team, role, known.issuer, seen=seen, by=by)
            if not done and role and team in ours:
                await self._give(person.id, team, "", known.issuer, seen=seen, by=by)

    async def _give(self, person_id: str, team: str, role: str, issuer: str, *, seen: Member | None, by: Actor) -> bool:
        """Set a membership, or end it where there is no role; where that cannot be it is logged, and so said.

        One that somebody gave by hand since it was `seen` stays.
        """
        try:
            if role:
                await self._people.set_membership(person_id, team, role, via=issuer, seen=seen, by=by)
            else:
                await self._people.remove_membership(person_id, team, via=issuer, by=by)
        except (BadRequest, NotFound) as exc:
            log.warning("membership_not_set", person=person_id, team=team, role=role, reason=exc.message)
            return False
        return True
