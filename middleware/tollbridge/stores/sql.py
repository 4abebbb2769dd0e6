"""Everything of a store that SQLAlchemy serves, in one place to load late."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from sqlalchemy.ext.asyncio import AsyncEngine

from tollbridge.clock import Clock
from tollbridge.stores.admin import SqlAdmin
from tollbridge.stores.agreeing import SqlGrants
from tollbridge.stores.auditing import SqlAudit
from tollbridge.stores.clientrows import SqlClients
from tollbridge.stores.credentialrows import SqlCredentials
from tollbridge.stores.devicerows import SqlDevices
from tollbridge.stores.firstanswers import SqlFirstAnswers
from tollbridge.stores.jobrows import SqlJobs
from tollbridge.stores.noticerows import SqlNotices
from tollbridge.stores.outboxrows import SqlOutbox
from tollbridge.stores.replaying import SqlReplays
from tollbridge.stores.reports import SqlReports
from tollbridge.stores.resealing import SqlSealed
from tollbridge.stores.rotationrows import SqlRotations
from tollbridge.stores.secretwriting import SqlSecrets
from tollbridge.stores.signing import SqlSigningKeys
from tollbridge.stores.sqlanalytics import SqlAnalytics
from tollbridge.stores.sqlapplications import SqlApplications
from tollbridge.stores.sqloverviews import SqlOverviews
from tollbridge.stores.sqlpeople import SqlPeople
from tollbridge.stores.sqlservices import SqlServices
from tollbridge.stores.sqlsessions import SqlSessions
from tollbridge.stores.sqlsubscriptions import SqlSubscriptions
from tollbridge.stores.sqlusage import SqlUsage
from tollbridge.stores.tokenchanges import SqlTokens
from tollbridge.stores.tokenwriting import TokenTurns
from tollbridge.stores.webhookrows import SqlWebhooks


class SqlSide:
    """Administration and reports of one database.

    `reading` has one transaction see one state; else `engine` does. What changes tokens does so inside `changing`.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        *,
        reading: AsyncEngine | None = None,
        changing: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._engine = engine
        self.admin = SqlAdmin(engine, clock)
        turns = TokenTurns(engine, clock, changing)
        self.tokens = SqlTokens(turns)
        self.clients = SqlClients(turns)
        self.grants = SqlGrants(turns)
        self.devices = SqlDevices(turns)
        self.applications = SqlApplications(turns)
        self.audit = SqlAudit(engine)
        self.first_answers = SqlFirstAnswers(engine, clock)
        self.credentials = SqlCredentials(turns)
        self.people = SqlPeople(turns)
        self.jobs = SqlJobs(engine, clock)
        self.notices = SqlNotices(turns)
        self.outbox = SqlOutbox(turns)
        self.replays = SqlReplays(engine, clock)
        self.rotations = SqlRotations(turns)
        self.services = SqlServices(turns)
        self.subscriptions = SqlSubscriptions(turns)
        self.overviews = SqlOverviews(reading or engine, clock)
        self.webhooks = SqlWebhooks(turns)
        self.reports = SqlReports(reading or engine)
        self.usages = SqlUsage(reading or engine)
        self.analytics = SqlAnalytics(reading or engine, turns)
        self.sealed = SqlSealed(engine)
        self.secrets = SqlSecrets(engine)
        self.signing = SqlSigningKeys(engine)
        self.sessions = SqlSessions(engine)

    async def close(self) -> None:
        await self._engine.dispose()
