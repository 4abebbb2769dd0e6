"""What the parts of a store serve of it, for a store to be made of."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from tollbridge.audit import Act, AuditRecord
from tollbridge.metering.ledger import UsageRow
from tollbridge.sealing.places import Place
from tollbridge.stores.analytics import AnalyticsStore
from tollbridge.stores.applications import ApplicationStore
from tollbridge.stores.base import BudgetUse, TokenCounts
from tollbridge.stores.changes import ForeignToken, NewSecret, NewToken, TokenEdit
from tollbridge.stores.clients import ClientStore
from tollbridge.stores.credentials import CredentialStore
from tollbridge.stores.devices import DeviceStore
from tollbridge.stores.grants import GrantStore
from tollbridge.stores.idempotency import FirstAnswer, KeyedRequest
from tollbridge.stores.jobs import JobStore
from tollbridge.stores.kept import KeptAnswer, KeptStore
from tollbridge.stores.notices import NoticeStore
from tollbridge.stores.overviews import OverviewStore
from tollbridge.stores.people import PeopleStore
from tollbridge.stores.replays import ReplayStore
from tollbridge.stores.reporting import Bucket, BudgetStanding, Health, Spend, Totals, Use
from tollbridge.stores.rotations import RotationStore
from tollbridge.stores.sealed import Sealed, StoredKey
from tollbridge.stores.services import ServiceStore
from tollbridge.stores.sessions import SessionStore
from tollbridge.stores.storedsecrets import SecretStore
from tollbridge.stores.subscriptions import SubscriptionStore
from tollbridge.stores.usages import UsageStore
from tollbridge.stores.webhooks import Outbox, WebhookStore
from tollbridge.tokens.model import Token, TokenBudget

if TYPE_CHECKING:
    from tollbridge.stores.admin import SqlAdmin
    from tollbridge.stores.reports import SqlReports
    from tollbridge.stores.sql import SqlSide


class SqlServed(ABC):
    """Administration and reports, by an `SqlSide` that is loaded when it is first needed, and kept answers."""

    @property
    @abstractmethod
    def _kept(self) -> KeptStore:
        """Give what keeps answers; raises `Unavailable` where the store is not open."""

    @abstractmethod
    async def _sql(self) -> "SqlSide":
        """Give that side; raises `Unavailable` where the store is not open."""

    @abstractmethod
    async def own_keys(self) -> Mapping[str, bytes]:
        """Read what the gateway made for itself, as `SealedStore` says."""

    @abstractmethod
    async def _flush(self) -> None:
        """Wait until what this process has settled and kept is written."""

    async def add_token(self, token: NewToken, act: Act) -> Token:
        return await (await self._sql()).tokens.add_token(token, act)

    async def import_tokens(self, tokens: Sequence[ForeignToken], act: Act) -> Sequence[Token | None]:
        return await (await self._sql()).tokens.import_tokens(tokens, act)

    async def rotate_token(self, token_id: str, secret: NewSecret, ends_at: datetime, act: Act) -> Token | None:
        return await (await self._sql()).tokens.rotate_token(token_id, secret, ends_at, act)

    async def change_token(self, token_id: str, edit: TokenEdit, act: Act) -> Token | None:
        return await (await self._sql()).tokens.change_token(token_id, edit, act)

    async def switch_token(self, token_id: str, act: Act, *, on: bool) -> Token | None:
        return await (await self._sql()).tokens.switch_token(token_id, act, on=on)

    async def revoke_token(self, token_id: str, act: Act) -> Token | None:
        return await (await self._sql()).tokens.revoke_token(token_id, act)

    async def note(
        self, act: Act, action: str, target: str, before: object = None, after: object = None
    ) -> AuditRecord:
        return await (await self._sql()).audit.note(act, action, target, before, after)

    async def list_audit(
        self,
        *,
        limit: int = 50,
        before: int | None = None,
        actor: str = "",
        action: str = "",
        target: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[AuditRecord]:
        audit = (await self._sql()).audit
        wanted = {"actor": actor, "action": action, "target": target}
        return await audit.list_audit(limit=limit, before=before, since=since, until=until, **wanted)

    async def follow_audit(self, after: int = 0, *, limit: int = 500) -> Sequence[AuditRecord]:
        return await (await self._sql()).audit.follow_audit(after, limit=limit)

    async def rehash_secret(self, digest: bytes, anew: bytes, pepper_id: str) -> None:
        await (await self._sql()).tokens.rehash_secret(digest, anew, pepper_id)

    async def count_secrets(self) -> Mapping[str, int]:
        return await (await self._sql()).admin.count_secrets()

    async def tokens_under(self, pepper_id: str, *, limit: int = 5) -> Sequence[str]:
        return await (await self._sql()).admin.tokens_under(pepper_id, limit=limit)

    async def get_token(self, token_id: str) -> Token | None:
        return await (await self._sql()).admin.get_token(token_id)

    async def get_tokens(self, token_ids: Collection[str]) -> Mapping[str, Token]:
        return await (await self._sql()).admin.get_tokens(token_ids)

    async def list_tokens(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        search: str = "",
        state: str = "",
        parent: str = "",
        team: str = "",
        owner: str = "",
        budgets: Sequence[TokenBudget] = (),
    ) -> Sequence[Token]:
        admin = await self._settled_admin()
        wanted = {"search": search, "state": state, "parent": parent, "team": team, "owner": owner}
        return await admin.list_tokens(limit=limit, before=before, budgets=budgets, **wanted)

    async def count_tokens(self, *, budgets: Sequence[TokenBudget] = (), team: str = "") -> TokenCounts:
        return await (await self._settled_admin()).count_tokens(budgets=budgets, team=team)

    async def budget_uses(self, owned: Mapping[str, Sequence[TokenBudget]]) -> Mapping[str, Sequence[BudgetUse]]:
        return await (await self._settled_admin()).budget_uses(owned)

    async def totals(self, since: datetime, until: datetime, *, token_id: str | None = None) -> Totals:
        return await (await self._reports()).totals(since, until, token_id=token_id)

    async def series(
        self, since: datetime, until: datetime, *, steps: int, by_model: bool = False, timed: bool = True
    ) -> Sequence[Bucket]:
        return await (await self._reports()).series(since, until, steps=steps, by_model=by_model, timed=timed)

    async def spend(self, since: datetime, until: datetime, *, by: str, limit: int = 10) -> Sequence[Spend]:
        return await (await self._reports()).spend(since, until, by=by, limit=limit)

    async def uses(self, since: datetime, until: datetime) -> Sequence[Use]:
        return await (await self._reports()).uses(since, until)

    async def cost(self, since: datetime, until: datetime) -> int:
        return await (await self._reports()).cost(since, until)

    async def health(self, since: datetime, until: datetime) -> Sequence[Health]:
        return await (await self._reports()).health(since, until)

    async def service_calls(
        self, service: str, since: datetime, until: datetime, *, release: str = ""
    ) -> tuple[int, int]:
        return await (await self._reports()).service_calls(service, since, until, release=release)

    async def budget_standings(self, ids: Collection[str]) -> Mapping[str, BudgetStanding]:
        return await (await self._reports()).budget_standings(ids)

    async def find_call(self, call_id: str) -> UsageRow | None:
        return await (await self._reports()).find_call(call_id)

    async def recent(self, *, limit: int = 20, token_id: str | None = None) -> Sequence[UsageRow]:
        return await (await self._reports()).recent(limit=limit, token_id=token_id)

    async def own_key(self, name: str) -> bytes | None:
        return (await self.own_keys()).get(name)

    async def begin_once(self, request: KeyedRequest, *, lease_s: float, keep_s: float) -> FirstAnswer | None:
        return await (await self._sql()).first_answers.begin_once(request, lease_s=lease_s, keep_s=keep_s)

    async def abandoned_runs(self, request: KeyedRequest) -> Sequence[str]:
        return await (await self._sql()).first_answers.abandoned_runs(request)

    async def finish_once(self, request: KeyedRequest, content: bytes) -> bool:
        return await (await self._sql()).first_answers.finish_once(request, content)

    async def give_up_once(self, request: KeyedRequest) -> bool:
        return await (await self._sql()).first_answers.give_up_once(request)

    async def signing_keys(self, used_for: str) -> Sequence[StoredKey]:
        return await (await self._sql()).signing.signing_keys(used_for)

    async def add_signing_key(self, key: StoredKey, after: datetime) -> None:
        await (await self._sql()).signing.add_signing_key(key, after)

    async def drop_signing_keys(self, used_for: str, before: datetime) -> int:
        return await (await self._sql()).signing.drop_signing_keys(used_for, before)

    async def sealed_heads(self) -> Mapping[bytes, int]:
        await self._flush()
        return await (await self._sql()).sealed.sealed_heads()

    async def sealed_otherwise(self, head: bytes, after: Place | None = None) -> Sequence[Sealed]:
        await self._flush()
        return await (await self._sql()).sealed.sealed_otherwise(head, after)

    async def reseal(self, values: Sequence[Sealed], anew: Sequence[bytes]) -> int:
        return await (await self._sql()).sealed.reseal(values, anew)

    def keep(self, answer: KeptAnswer, content: bytes) -> None:
        self._kept.keep(answer, content)

    async def find_answer(self, id: str, token_id: str) -> KeptAnswer | None:
        return await self._kept.find_answer(id, token_id)

    async def find_thread(self, id: str, token_id: str) -> Sequence[KeptAnswer]:
        return await self._kept.find_thread(id, token_id)

    async def find_holders(self, items: Collection[str], token_id: str) -> Sequence[KeptAnswer]:
        return await self._kept.find_holders(items, token_id)

    async def find_strangers(self, items: Collection[str], token_id: str) -> Sequence[str]:
        return await self._kept.find_strangers(items, token_id)

    async def contents(self, ids: Collection[str], token_id: str) -> Mapping[str, bytes]:
        return await self._kept.contents(ids, token_id)

    async def forget_answer(self, id: str, token_id: str) -> bool:
        return await self._kept.forget_answer(id, token_id)

    async def clients(self) -> ClientStore:
        return (await self._sql()).clients

    async def grants(self) -> GrantStore:
        return (await self._sql()).grants

    async def devices(self) -> DeviceStore:
        return (await self._sql()).devices

    async def sessions(self) -> SessionStore:
        return (await self._sql()).sessions

    async def credentials(self) -> CredentialStore:
        return (await self._sql()).credentials

    async def people(self) -> PeopleStore:
        return (await self._sql()).people

    async def applications(self) -> ApplicationStore:
        return (await self._sql()).applications

    async def replays(self) -> ReplayStore:
        return (await self._sql()).replays

    async def secrets(self) -> SecretStore:
        return (await self._sql()).secrets

    async def jobs(self) -> JobStore:
        return (await self._sql()).jobs

    async def webhooks(self) -> WebhookStore:
        return (await self._sql()).webhooks

    async def outbox(self) -> Outbox:
        return (await self._sql()).outbox

    async def rotations(self) -> RotationStore:
        return (await self._sql()).rotations

    async def notices(self) -> NoticeStore:
        return (await self._sql()).notices

    async def services(self) -> ServiceStore:
        return (await self._sql()).services

    async def subscriptions(self) -> SubscriptionStore:
        return (await self._sql()).subscriptions

    async def overviews(self) -> OverviewStore:
        return (await self._sql()).overviews

    async def analytics(self) -> AnalyticsStore:
        await self._flush()
        return (await self._sql()).analytics

    async def usages(self) -> UsageStore:
        await self._flush()
        return (await self._sql()).usages

    async def _settled_admin(self) -> "SqlAdmin":
        """Give the administrator's side, once what this process has settled is written."""
        await self._flush()
        return (await self._sql()).admin

    async def _reports(self) -> "SqlReports":
        """Give the reports, once what this process has settled is written."""
        await self._flush()
        return (await self._sql()).reports
