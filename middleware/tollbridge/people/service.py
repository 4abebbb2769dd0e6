"""People, and what they are in which team.  The only writer of both.

Whoever gives somebody something gives at most what they may do themselves: that is what `giver` is checked for.
"""

from collections.abc import Collection, Mapping, Sequence

from msgspec import UNSET, UnsetType, structs

from tollbridge.audit import OPERATOR, Actor
from tollbridge.clock import Clock
from tollbridge.ids import new_id
from tollbridge.people.invitations import Invitations
from tollbridge.people.memberships import Memberships
from tollbridge.people.model import BRIDGE, Person, PersonChange
from tollbridge.people.passwords import Passwords
from tollbridge.people.reaching import check_bridge, check_everything, check_giver, check_not_above
from tollbridge.people.teams import Teams
from tollbridge.people.wishes import checked_email, checked_person_change, checked_person_name, email_key
from tollbridge.stores.base import Store
from tollbridge.stores.newpeople import NewMember, NewPassword, NewPerson
from tollbridge.tokens.model import Principal
from tollbridge.tokens.service import TokenService

_NOTHING = PersonChange()


class People(Memberships):
    """The people of one gateway, their memberships, its `teams`, its `roles` and its `invitations`.

    What changes them says who does (`by`) and, where somebody does it with a token, with which rights (`giver`).
    """

    def __init__(self, store: Store, tokens: TokenService, clock: Clock, *, passwords: Passwords | None = None) -> None:
        super().__init__(store, tokens, clock)
        self._passwords = passwords or Passwords()
        self.teams = Teams(store, tokens, clock)
        self.invitations = Invitations(self, store, tokens, clock, self._passwords)

    async def get_person(self, person_id: str) -> Person | None:
        """Find a person by the id."""
        return await (await self._people()).get_person(person_id)

    async def get_people(self, ids: Collection[str]) -> Mapping[str, Person]:
        """Find people by their ids; those who are not there are left out."""
        return await (await self._people()).get_people(ids)

    async def find_person(self, email: str) -> Person | None:
        """Find a person by the address; upper and lower case are one."""
        key = email_key(email)
        return await (await self._people()).find_person(key) if key else None

    async def list_people(
        self, *, limit: int = 50, before: str = "", search: str = "", team: str = ""
    ) -> Sequence[Person]:
        """List people, newest first: of a `team` its members alone; `search` is a part of name, address or id."""
        return await (await self._people()).list_people(limit=limit, before=before, search=search, team=team)

    async def add_person(
        self,
        *,
        email: str,
        name: str,
        password: str | None = None,
        team: str = BRIDGE,
        role: str = "",
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Person:
        """Make a person, who is a member of nothing yet, or of `team` where a role is named, in one transaction.

        Raises `BadRequest` with `param` for what cannot be used, with status 409 where somebody has that address;
        `Denied` (scope_beyond) where a giver of a password may not do everything there is, and else as
        `set_membership` does.
        """
        if password is not None:
            await check_everything(self._store, giver)
        wanted = await self.check_gives(team, role, giver) if role else None
        address, label, id = checked_email(email), checked_person_name(name), new_id("per", self._clock)
        hashed = "" if password is None else await self._passwords.hash(password, (address, label))
        member = None if wanted is None else NewMember(id, wanted, self.new_holder(id, label, wanted, team))
        new = NewPerson(id, label, address, self._clock.now(), hashed)
        return await (await self._people()).add_person(new, await self._tokens.act(by), member=member)

    async def change_person(
        self,
        person_id: str,
        change: PersonChange,
        *,
        password: str | UnsetType | None = UNSET,
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Person | None:
        """Change a person, in one transaction; with another password, or none, all sessions of theirs end.

        None if there is no such person. A giver needs all that the person may do, and for an address or a password
        everything there is: with those one can have a session, now and later. Raises `Denied` (scope_beyond) otherwise,
        `BadRequest` as `add_person` does.
        """
        checked, person = checked_person_change(change), await self.get_person(person_id)
        if person is None:
            return None
        await self._check_over(person_id, giver)
        if checked.email == person.email:
            checked = structs.replace(checked, email=UNSET)
        if checked.email is not UNSET or isinstance(password, str):
            await check_everything(self._store, giver)
        new = None if password is UNSET else NewPassword(await self._hashed(password, person, checked))
        return await (await self._people()).change_person(person_id, checked, await self._tokens.act(by), password=new)

    async def replace_password(self, person: Person, password: str, *, by: Actor) -> Person | None:
        """Take another password of somebody who has just shown theirs; all of their sessions end.

        Raises `BadRequest` with `param` for one that is not taken, and with status 409 where `person` had got another
        one meanwhile.
        """
        new = NewPassword(await self._hashed(password, person), person.password_at)
        act = await self._tokens.act(by)
        return await (await self._people()).change_person(person.id, PersonChange(), act, password=new)

    async def check_password(self, email: str, password: str) -> Person | None:
        """Find who has this address and password, or None.

        An unknown address, a disabled person and one without a password take the same time and look the same. Hashing
        is done in a thread: some tenths of a second of a core, and 64 MiB. A hash of weaker parameters than today's
        is replaced.
        """
        people, key = await self._people(), email_key(email)
        found = await people.find_password(key) if key else None
        kept = "" if found is None else found[1]
        if not await self._passwords.matches(kept, password) or found is None or found[0].disabled_at is not None:
            return None
        anew = await self._passwords.anew(kept, password)
        if anew:
            await people.rehash_password(found[0].id, kept, anew)
        return found[0]

    async def disable_person(
        self, person_id: str, *, giver: Principal | None = None, by: Actor = OPERATOR
    ) -> Person | None:
        """Switch a person off: all memberships, all that was made with them, all sessions, at once.

        None if there is no such person. Raises `Denied` (out_of_reach) for oneself, `BadRequest` (409, last_admin)
        where nobody would administer the bridge any more.
        """
        await self._check_other(person_id, giver)
        return await (await self._people()).switch_person(person_id, await self._tokens.act(by), on=False)

    async def enable_person(
        self, person_id: str, *, giver: Principal | None = None, by: Actor = OPERATOR
    ) -> Person | None:
        """Switch a person on again, and what was disabled with them.  None if there is no such person."""
        await self._check_over(person_id, giver)
        return await (await self._people()).switch_person(person_id, await self._tokens.act(by), on=True)

    async def remove_person(
        self, person_id: str, *, giver: Principal | None = None, by: Actor = OPERATOR
    ) -> Person | None:
        """Forget a person; all memberships, all that was made with them and all sessions end, at once and for good.

        None if there is no such person. Raises `Denied` and `BadRequest` as `disable_person` does.
        """
        await self._check_other(person_id, giver)
        return await (await self._people()).remove_person(person_id, await self._tokens.act(by))

    async def saw(self, person_id: str) -> None:
        """Note that somebody signed in now."""
        await (await self._people()).saw_person(person_id, self._clock.now())

    async def link_identity(self, person_id: str, issuer: str, subject: str, *, by: Actor = OPERATOR) -> bool:
        """Keep that an issuer calls a person by this subject; False where there is no such person.

        Raises `BadRequest` (409) where that is somebody else already.
        """
        return await (await self._people()).link_identity(person_id, issuer, subject, await self._tokens.act(by))

    async def find_by_identity(self, issuer: str, subject: str) -> Person | None:
        """Find whom an issuer calls by this subject."""
        return await (await self._people()).find_by_identity(issuer, subject)

    async def _hashed(self, password: str | None, person: Person, change: PersonChange = _NOTHING) -> str:
        """Give what is kept of a password, empty for none; it holds no word of its person, before a change or after."""
        words = [person.email, person.name, *(word for word in (change.email, change.name) if word is not UNSET)]
        return "" if password is None else await self._passwords.hash(password, words)

    async def _check_over(self, person_id: str, giver: Principal | None) -> None:
        """Refuse a giver who may not do all that a person may; raises `Denied`."""
        check_bridge(giver)
        for member in await self.memberships(person_id):
            found = await self._store.get_token(member.holder)
            await check_giver(self._store, giver, () if found is None else found.scopes)

    async def _check_other(self, person_id: str, giver: Principal | None) -> None:
        """Refuse a giver who is that person; raises `Denied`."""
        check_bridge(giver)
        for member in await self.memberships(person_id):
            check_not_above(giver, member.holder)
