"""What every store promises, as tests.

Subclass `StoreContract` in a test file, name the class `Test...` and give it a fixture `store`: an open, empty store on
the fixture `clock` that writes its notes of use at least every second. Async tests run under anyio's pytest plugin in
auto mode; `pytest.register_assert_rewrite` on these modules makes their failures readable.
"""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tollbridge.errors import Unavailable
from tollbridge.metering.usage import Usage, UsageSource
from tollbridge.stores.base import Store
from tollbridge.testing.analytics_contract import AnalyticsContract
from tollbridge.testing.application_contract import ApplicationContract
from tollbridge.testing.audit_contract import AuditContract
from tollbridge.testing.client_contract import ClientContract
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.closing_contract import ClosingContract
from tollbridge.testing.course_contract import CourseContract
from tollbridge.testing.credential_contract import CredentialContract
from tollbridge.testing.device_contract import DeviceContract
from tollbridge.testing.evaluation_contract import EvaluationContract
from tollbridge.testing.family_contract import FamilyContract
from tollbridge.testing.idempotency_contract import IdempotencyContract
from tollbridge.testing.import_contract import ImportContract
from tollbridge.testing.invitation_contract import InvitationContract
from tollbridge.testing.issued_contract import IssuedContract
from tollbridge.testing.jobs_contract import JobsContract
from tollbridge.testing.kept_contract import KeptContract
from tollbridge.testing.ledger_contract import LedgerContract
from tollbridge.testing.lives_contract import LivesContract
from tollbridge.testing.member_contract import MemberContract
from tollbridge.testing.notice_contract import NoticeContract
from tollbridge.testing.outbox_contract import OutboxContract
from tollbridge.testing.overview_contract import OverviewContract
from tollbridge.testing.people_contract import PeopleContract
from tollbridge.testing.release_contract import ReleaseContract
from tollbridge.testing.replay_contract import ReplayContract
from tollbridge.testing.report_contract import ReportContract
from tollbridge.testing.rotation_contract import RotationContract
from tollbridge.testing.running_contract import RunningContract
from tollbridge.testing.samples import ACT, NOON, OWN, ROW, TOKEN, reservation
from tollbridge.testing.sealed_contract import SealedContract
from tollbridge.testing.secret_contract import SecretContract
from tollbridge.testing.service_contract import ServiceContract
from tollbridge.testing.session_contract import SessionContract
from tollbridge.testing.subscription_contract import SubscriptionContract
from tollbridge.testing.team_contract import TeamContract
from tollbridge.testing.telling_contract import TellingContract
from tollbridge.testing.token_contract import TokenContract
from tollbridge.testing.transfer_contract import TransferContract
from tollbridge.testing.usage_contract import UsageContract
from tollbridge.testing.webhook_contract import WebhookContract
from tollbridge.tokens.model import Shown


class StoreContract(
    TokenContract,
    LivesContract,
    ImportContract,
    FamilyContract,
    RunningContract,
    ClientContract,
    IssuedContract,
    DeviceContract,
    AuditContract,
    LedgerContract,
    ReportContract,
    UsageContract,
    KeptContract,
    SealedContract,
    SecretContract,
    IdempotencyContract,
    JobsContract,
    WebhookContract,
    ServiceContract,
    CourseContract,
    ReleaseContract,
    EvaluationContract,
    SubscriptionContract,
    ClosingContract,
    OverviewContract,
    TellingContract,
    AnalyticsContract,
    OutboxContract,
    RotationContract,
    NoticeContract,
    CredentialContract,
    TeamContract,
    ApplicationContract,
    TransferContract,
    PeopleContract,
    MemberContract,
    InvitationContract,
    ReplayContract,
    SessionContract,
):
    """Tests of `Store`."""

    @pytest.fixture
    def clock(self) -> FixedClock:
        return FixedClock(NOON)

    async def test_usage_row_comes_back_as_it_was_written(self, store: Store) -> None:
        bare = replace(
            ROW,
            call_id="req_2",
            at=NOON + timedelta(microseconds=1),
            stream=False,
            cost=None,
            first_byte_ms=None,
            usage=Usage(),
            usage_source=UsageSource.NONE,
        )
        await store.settle(ROW)
        await store.settle(bare)

        assert await store.recent() == [bare, ROW]
        assert await store.recent(limit=1) == [bare]
        assert await store.recent(token_id="tok_2") == []
        with pytest.raises(ValueError, match="limit 0"):
            await store.recent(limit=0)

    async def test_text_no_database_takes_is_replaced_not_refused(self, store: Store) -> None:
        await store.settle(replace(ROW, model="gpt-\ud800-é", operation="\udfff", error="\ud83d"))

        (row,) = await store.recent()
        assert (row.model, row.operation, row.error) == ("gpt-?-é", "?", "?")

    async def test_open_store_can_serve(self, store: Store) -> None:
        await store.check()
        await store.open()  # once more changes nothing
        await store.check()

    async def test_closed_store_refuses(self, store: Store) -> None:
        await store.close()
        await store.close()

        with pytest.raises(Unavailable):
            await store.check()
        with pytest.raises(Unavailable):
            await store.find_principal(TOKEN.digest)
        with pytest.raises(Unavailable):
            await store.still_open({Shown("tok_1")})
        with pytest.raises(Unavailable):
            await store.reserve(reservation("req_1", 1, OWN))
        with pytest.raises(Unavailable):
            await store.settle(ROW)
        with pytest.raises(Unavailable):
            await store.list_tokens()

    async def test_what_was_asked_before_closing_is_written(self, store: Store) -> None:
        await store.add_token(TOKEN, ACT)
        settled = [asyncio.create_task(store.settle(replace(ROW, call_id=f"req_{n}"))) for n in range(20)]
        store.touch("tok_1", NOON, "192.0.2.1")
        await asyncio.sleep(0)

        await store.close()

        assert await asyncio.gather(*settled) == [None] * 20
        await store.open()
        assert len(await store.recent(limit=100)) == 20
        token = await store.get_token("tok_1")
        assert token is not None
        assert token.last_used_at == NOON
