"""The audit log: read, which is itself recorded, and verified.

A caller with a team reads what befell one thing of it at a time: itself, a token, an application, a service, or a
subscription of either.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType, structs

from tollbridge import Denied, Gateway
from tollbridge.administering import FIRST, AuditRecord, breaks, shown_change
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.paging import Cursor, Limit, cursor, read_number
from tollbridge_admin.problems import refused
from tollbridge_admin.reach import Reach
from tollbridge_admin.routes import Route, route
from tollbridge_admin.tokenshapes import Moment, Wish
from tollbridge_admin.wishes import utc

READ = "admin:audit:read"
_TEAM = "team."
_LIST, _CHAIN = "audit", "chain"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERIFIED = 500
"""Records verified for one page: some milliseconds."""

Text = Annotated[str, Meta(max_length=256)]


class AuditAsked(Wish, frozen=True):
    """Which records are listed: those written at `from` or later, and before `to`."""

    actor: Text = ""
    action: Annotated[str, Meta(max_length=100, description="An action, or how it begins, such as token.")] = ""
    target: Text = ""
    before: Annotated[int, Meta(ge=1, le=2**53, description="Only those below this number.")] | UnsetType = UNSET
    since: Moment | UnsetType = msgspec.field(default=UNSET, name="from")
    until: Moment | UnsetType = msgspec.field(default=UNSET, name="to")
    limit: Limit = 50
    after: Cursor = ""


class ChainAsked(Wish, frozen=True):
    """Where verifying goes on."""

    after: Cursor = ""


class ActorShown(msgspec.Struct, frozen=True):
    """Who did it, by which way, from where and with which request."""

    id: str
    via: str
    client: str
    call_id: str


class RecordShown(msgspec.Struct, frozen=True):
    """One record: what was of the target before, and what is after."""

    number: int
    at: datetime
    actor: ActorShown
    action: str
    target: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    digest: str


class RecordsShown(msgspec.Struct, frozen=True):
    """A page of records, newest first; `next` is the cursor of the page behind it."""

    items: Sequence[RecordShown]
    next: str | None


class BreakShown(msgspec.Struct, frozen=True):
    """Where the chain is broken, and why."""

    number: int
    why: str


class ChainShown(msgspec.Struct, frozen=True):
    """What verifying one page found: `number` and `digest` of its last record, to be noted elsewhere."""

    records: int
    breaks: Sequence[BreakShown]
    number: int
    digest: str
    next: str | None


class AuditLog:
    """Answers with it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._reach = Reach(gateway)

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        return (
            route("GET", "/audit", self.list_audit, takes=AuditAsked, gives=RecordsShown, scope=READ, also=(404,)),
            route("GET", "/audit/verify", self.verify_audit, takes=ChainAsked, gives=ChainShown, scope=READ),
        )

    async def list_audit(self, asked: Asked, query: AuditAsked) -> Answer:
        """List records of the audit log, newest first; that they were read is recorded too."""
        if asked.caller.team:
            if not query.target:
                raise Denied("a token with a team reads of one thing at a time: name it as target", code="out_of_reach")
            if query.target != asked.caller.team:
                await self._reach.see_target(asked.caller, query.target)
        before = read_number(_LIST, query.after) or query.before or None
        wanted = {"actor": query.actor, "action": _action(asked, query), "target": query.target}
        found = await self._gateway.store.list_audit(
            limit=query.limit + 1,
            before=before,
            since=None if query.since is UNSET else utc(query.since, "from"),
            until=None if query.until is UNSET else utc(query.until, "to"),
            **wanted,
        )
        page = found[: query.limit]
        numbers = {"first": page[-1].number, "last": page[0].number} if page else {}
        told = {name: text for name, text in wanted.items() if text} | numbers
        await self._gateway.store.note(
            await self._gateway.tokens.act(asked.actor), "audit.read", query.target, None, told
        )
        following = cursor(_LIST, page[-1].number) if len(found) > len(page) else None
        return Answer(RecordsShown(await self._seen(asked.caller.team, page), following))

    async def _seen(self, team: str, page: Sequence[AuditRecord]) -> Sequence[RecordShown]:
        """Show records: to a caller with a team not from where others did what befell it, such as its team before."""
        shown = [_shown(record) for record in page]
        ids = {one.actor.id for one in shown} if team else ()
        others = {id for id in ids if not await self._is_of(team, id)}
        return [
            structs.replace(one, actor=structs.replace(one.actor, client="", call_id=""))
            if one.actor.id in others
            else one
            for one in shown
        ]

    async def _is_of(self, team: str, actor: str) -> bool:
        """Whether a token is of a team, or a person a member of it."""
        token = await self._gateway.store.get_token(actor)
        if token is not None:
            return token.team == team
        return await self._gateway.people.member(actor, team) is not None

    async def verify_audit(self, asked: Asked, query: ChainAsked) -> Answer:
        """Verify the chain of the audit log, a page at a time from its beginning."""
        if asked.caller.team:
            raise Denied("a token with a team cannot verify the whole log", code="out_of_reach")
        store, key = self._gateway.store, (await self._gateway.tokens.act(asked.actor)).key
        number, digest = read_number(_CHAIN, query.after) or 0, FIRST
        if number:
            before = await store.follow_audit(number - 1, limit=1)
            if not before or before[0].number != number:
                raise refused("after", "there is no such record any more; verify from the beginning")
            digest = before[0].digest
        page = await store.follow_audit(number, limit=_VERIFIED)
        found = tuple(BreakShown(one.number, one.why) for one in breaks(page, key, after=digest, number=number))
        if page:
            number, digest = page[-1].number, page[-1].digest
        following = cursor(_CHAIN, number) if len(page) == _VERIFIED else None
        return Answer(ChainShown(len(page), found, number, digest.hex(), following))


def _action(asked: Asked, query: AuditAsked) -> str:
    """Say which actions are read: of a caller's team those of teams, for a role or a plan may have its name too."""
    if not query.target or query.target != asked.caller.team or query.action.startswith(_TEAM):
        return query.action
    return _TEAM if _TEAM.startswith(query.action) else _TEAM + query.action


def _shown(record: AuditRecord) -> RecordShown:
    actor = record.actor
    return RecordShown(
        number=record.number,
        at=_EPOCH + timedelta(microseconds=record.at_us),
        actor=ActorShown(actor.id, actor.via, actor.client, actor.call_id),
        action=record.action,
        target=record.target,
        before=shown_change(record.before),
        after=shown_change(record.after),
        digest=record.digest.hex(),
    )
