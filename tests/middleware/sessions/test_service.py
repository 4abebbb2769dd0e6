from datetime import timedelta

import pytest

from tollbridge.audit import Actor
from tollbridge.errors import Unavailable
from tollbridge.people.model import PersonChange
from tollbridge.sessions import Browser
from tollbridge.sessions.service import Sessions
from tollbridge.signinsettings import SessionsConfig

HOUR = 3600
ADA = Browser("192.0.2.1", "Firefox/140")
BY = Actor("per_1", "sign-in", "192.0.2.1")


@pytest.fixture
async def under(gateway):
    made = gateway({"sessions": {"hours": 12, "idle_hours": 8, "confirm_minutes": 15}})
    await made.client()
    return made


@pytest.fixture
def sessions(under):
    return under.gateway.sessions


@pytest.fixture
async def ada(under):
    return (await under.gateway.people.add_person(email="ada@example.com", name="Ada")).id


async def test_session_is_found_by_its_secret_alone(under, sessions, ada):
    begun = await sessions.begin(ada, "password", ADA)

    found = await sessions.find(begun.secret)
    assert found == begun.session
    assert (found.person_id, found.via, found.client, found.agent) == (ada, "password", "192.0.2.1", "Firefox/140")
    assert len(begun.secret) == 43
    assert begun.secret not in repr(begun)
    other = "A" if begun.secret[-2] != "A" else "B"
    for wrong in ("", begun.secret[:-1], begun.secret + "A", begun.secret[:-2] + other + begun.secret[-1], "é" * 43):
        assert await sessions.find(wrong) is None, wrong


async def test_secrets_are_never_the_same_and_never_stored(under, sessions):
    secrets = {(await sessions.begin("", "link", ADA)).secret for _ in range(20)}

    kept = b"".join(path.read_bytes() for path in under.gateway.config.data.glob("tollbridge.db*"))
    assert len(secrets) == 20
    assert not any(part.encode() in kept for secret in secrets for part in (secret[:12], secret[12:24], secret[-12:]))


async def test_what_is_no_secret_costs_no_look_up(under):
    async def store():
        raise AssertionError("the store was asked")

    sessions = Sessions(store, under.gateway.tokens.act, under.clock, SessionsConfig())

    assert await sessions.find("x" * 42) is None
    assert not await sessions.end("x" * 44, by=BY)
    assert not await sessions.end_one("per_1", "", by=BY)


async def test_session_that_is_used_lasts_to_its_end(under, sessions):
    begun = await sessions.begin("", "link", ADA)

    for _ in range(11):
        under.clock.advance(HOUR)
        assert await sessions.find(begun.secret) is not None
    under.clock.advance(HOUR - 1)
    assert await sessions.find(begun.secret) is not None
    under.clock.advance(1)
    assert await sessions.find(begun.secret) is None
    assert sessions.life_s == 12 * HOUR


async def test_session_that_is_left_alone_ends_before(under, sessions):
    begun = await sessions.begin("", "link", ADA)

    under.clock.advance(8 * HOUR)

    assert await sessions.find(begun.secret) is None


async def test_use_is_noted_once_a_minute(under, sessions, ada):
    begun = await sessions.begin(ada, "password", ADA)
    seen = []

    for seconds in (0, 59, 1, 30):
        under.clock.advance(seconds)
        await sessions.find(begun.secret)
        seen += [one.seen_at - begun.session.made_at for one in await sessions.list(ada)]

    assert seen == [timedelta(0), timedelta(0), timedelta(minutes=1), timedelta(minutes=1)]


async def test_use_is_noted_before_a_short_idle_time_is_over(under):
    settings = SessionsConfig(idle_hours=1 / 60)
    sessions = Sessions(under.gateway.store.sessions, under.gateway.tokens.act, under.clock, settings)
    begun = await sessions.begin("", "link", ADA)

    for _ in range(4):
        under.clock.advance(45)
        assert await sessions.find(begun.secret) is not None


async def test_each_proof_begins_another_session_in_place_of_the_one_before(under, sessions, ada):
    planted = await sessions.begin("", "link", ADA)

    begun = await sessions.begin(ada, "password", ADA, instead_of=planted.secret)

    assert await sessions.find(planted.secret) is None
    assert begun.secret != planted.secret
    assert await sessions.find(begun.secret) == begun.session
    for nothing in ("", "made up", "A" * 43):
        await sessions.begin(ada, "password", ADA, instead_of=nothing)
    assert len(await sessions.list(ada)) == 4


async def test_proof_gets_old(under, sessions):
    begun = await sessions.begin("", "link", ADA)

    under.clock.advance(15 * 60 - 1)
    assert sessions.is_confirmed(await sessions.find(begun.secret))
    under.clock.advance(1)
    assert not sessions.is_confirmed(await sessions.find(begun.secret))


async def test_password_that_was_changed_while_it_was_checked_opens_nothing(under, sessions, ada):
    asked_at = under.clock.now()
    under.clock.advance(1)
    await under.gateway.people.change_person(ada, PersonChange(), password="a kettle of slow stars")

    begun = await sessions.begin(ada, "password", ADA, asked_at=asked_at)

    assert await sessions.find(begun.secret) is None
    assert await sessions.list(ada) == []


async def test_proof_is_as_old_as_it_is_said_to_be_and_not_of_tomorrow(under, sessions):
    now = under.clock.now()

    old = await sessions.begin("", "link", ADA, proved_at=now - timedelta(minutes=15))
    young = await sessions.begin("", "link", ADA, proved_at=now + timedelta(hours=1))

    assert not sessions.is_confirmed(old.session)
    assert young.session.confirmed_at == now


async def test_proof_does_not_get_old_where_none_is_asked_for(under):
    settings = SessionsConfig(confirm_minutes=0)
    sessions = Sessions(under.gateway.store.sessions, under.gateway.tokens.act, under.clock, settings)
    begun = await sessions.begin("", "link", ADA)

    under.clock.advance(7 * HOUR)

    assert sessions.is_confirmed(await sessions.find(begun.secret))


async def test_session_ends_by_its_secret_by_its_id_or_with_all_others(under, sessions, ada):
    one, two, three, four = [await sessions.begin(ada, "password", ADA) for _ in range(4)]
    operator = await sessions.begin("", "link", ADA)

    assert [await sessions.end(one.secret, by=BY) for _ in range(2)] == [True, False]
    assert [await sessions.end_one(ada, two.session.id, by=BY) for _ in range(2)] == [True, False]
    assert not await sessions.end_one("per_2", three.session.id, by=BY)
    assert await sessions.end_all(ada, by=BY, but=three.secret) == 1
    assert [await sessions.find(each.secret) is None for each in (one, two, three, four)] == [True, True, False, True]
    assert await sessions.end_all(ada, by=BY) == 1
    assert await sessions.list(ada) == []
    assert await sessions.find(operator.secret) is not None


async def test_sessions_end_with_what_happens_to_the_person(under, sessions, ada):
    people = under.gateway.people

    first = await sessions.begin(ada, "password", ADA)
    under.clock.advance(1)
    await people.change_person(ada, PersonChange(), password="nine barrels of rain")
    assert await sessions.find(first.secret) is None
    second = await sessions.begin(ada, "password", ADA)
    assert await sessions.find(second.secret) is not None
    await people.disable_person(ada)
    assert await sessions.find(second.secret) is None
    await people.enable_person(ada)
    assert await sessions.find(second.secret) is None


async def test_who_begins_and_ends_sessions_is_recorded(under, sessions, ada):
    begun = await sessions.begin(ada, "password", ADA)
    await sessions.end(begun.secret, by=BY)
    await sessions.begin("", "link", ADA)

    records = await under.gateway.store.list_audit(action="session.")

    assert [(one.actor.id, one.actor.via, one.actor.client, one.action) for one in records] == [
        ("operator", "sign-in", "192.0.2.1", "session.begin"),
        ("per_1", "sign-in", "192.0.2.1", "session.end"),
        (ada, "sign-in", "192.0.2.1", "session.begin"),
    ]


async def test_name_of_a_browser_is_cut(sessions):
    begun = await sessions.begin("", "link", Browser("192.0.2.1", "x" * 5000))

    assert len(begun.session.agent) == 300


async def test_store_that_is_away_lets_nobody_in(under, sessions):
    begun = await sessions.begin("", "link", ADA)
    await under.gateway.store.close()

    with pytest.raises(Unavailable):
        await sessions.find(begun.secret)
