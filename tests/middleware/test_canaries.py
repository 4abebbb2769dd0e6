"""The alarm of a canary says who found it where."""

from structlog.testing import capture_logs

from tollbridge.audit import Act, Actor, AuditRecord
from tollbridge.call import Call
from tollbridge.canaries import CanaryAlarm
from tollbridge.errors import Unavailable
from tollbridge.formats.dialect import Operation
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing import FixedClock
from tollbridge.testing.blank import lay_database
from tollbridge.testing.samples import ACT, TOKEN
from tollbridge.tokens.model import Principal
from tollbridge.tokens.scopes import ScopeSet


async def test_each_use_is_logged_counted_and_noted_of_the_token(tmp_path) -> None:
    clock, counted = FixedClock(), []
    store = SqliteStore(lay_database(tmp_path / "t.db"), clock, tidy_s=0.01)
    await store.open()
    await store.add_token(TOKEN, ACT)
    call = Call("req_1", clock.now(), 0.0, "http", "GET", "/v1/models", [], client="192.0.2.1")
    alarm = CanaryAlarm(store, lambda: counted.append(1))

    with capture_logs() as lines:
        alarm(call, Principal("tok_1", "bait", ScopeSet()))
        call.operation = Operation("ai:chat", "chat")
        alarm(call, Principal("tok_1", "bait", ScopeSet()))
    await store.close()
    await store.open()
    token = await store.get_token("tok_1")
    await store.close()

    assert [(line["event"], line["token_id"], line["client"], line["used_for"]) for line in lines] == [
        ("canary_token_used", "tok_1", "192.0.2.1", ""),
        ("canary_token_used", "tok_1", "192.0.2.1", "ai:chat"),
    ]
    assert counted == [1, 1]
    assert token is not None
    assert (token.last_used_at, token.last_used_from) == (clock.now(), "192.0.2.1")


async def test_use_is_recorded_once_a_minute_and_a_store_that_fails_is_told(tmp_path) -> None:
    clock = FixedClock()
    store = SqliteStore(lay_database(tmp_path / "t.db"), clock, tidy_s=0.01)
    await store.open()
    await store.add_token(TOKEN, ACT)

    async def act(actor: Actor) -> Act:
        return Act(actor, clock.now(), ACT.key)

    async def recorded() -> list[AuditRecord]:
        await alarm.settled()
        return [record for record in await store.follow_audit() if record.action == "token.canary"]

    def use() -> None:
        call = Call("req_1", clock.now(), 0.0, "http", "GET", "/v1/models", [], client="192.0.2.1")
        alarm(call, Principal("tok_1", "bait", ScopeSet()))

    alarm = CanaryAlarm(store, lambda: None, act)
    for _ in range(3):
        use()
    assert [(record.target, record.actor) for record in await recorded()] == [
        ("tok_1", Actor("gateway", "canary", "192.0.2.1", "req_1"))
    ]
    clock.advance(60)
    use()
    assert len(await recorded()) == 2
    await store.close()
    clock.advance(60)
    with capture_logs() as lines:
        alarm._store = Closed()
        use()
        await alarm.settled()

    assert [line["event"] for line in lines] == ["canary_token_used", "canary_not_recorded"]


class Closed:
    """A store that takes notes and records nothing."""

    def touch(self, *_: object) -> None:
        pass

    async def note(self, *_: object) -> AuditRecord:
        raise Unavailable("not now", detail="closed")
