"""What every store promises of sessions of people in browsers, as tests.  Subclass as `StoreContract` says."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from tollbridge.errors import Unavailable
from tollbridge.stores.base import Store
from tollbridge.stores.newpeople import NewPerson
from tollbridge.stores.sessions import NewSession, Session
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.people_samples import set_password
from tollbridge.testing.samples import ACT, NOON, act

HOUR = timedelta(hours=1)
NEW = NewSession(b"s" * 32, "", "link", "192.0.2.1", "Firefox/140", NOON, NOON + 12 * HOUR, NOON - HOUR)
ADA = NewPerson("per_1", "Ada", "ada@example.com", NOON)
BOB = NewPerson("per_2", "Bob", "bob@example.com", NOON)


async def begin(store: Store, digest: bytes = b"s", person_id: str = "", at: datetime = NOON) -> Session:
    """Begin a session whose digest is that byte, 32 times."""
    new = replace(NEW, digest=digest * 32, person_id=person_id, at=at, ends_at=at + 12 * HOUR)
    return await (await store.sessions()).begin_session(new, act(at))


async def find(store: Store, digest: bytes = b"s", now: datetime = NOON) -> Session | None:
    """Find it, if it was seen within eight hours."""
    return await (await store.sessions()).find_session(digest * 32, now, now - 8 * HOUR)


async def people(store: Store) -> None:
    """Write Ada and Bob."""
    for new in (ADA, BOB):
        await (await store.people()).add_person(new, ACT)


class SessionContract:
    """Tests of `SessionStore`."""

    async def test_session_is_found_as_it_was_begun(self, store: Store) -> None:
        begun = await begin(store)

        assert begun == Session(
            begun.id, "", "link", "192.0.2.1", "Firefox/140", NOON, NOON, NOON + 12 * HOUR, NOON - HOUR
        )
        assert len(begun.id) == 24
        assert await find(store) == begun
        assert await find(store, b"t") is None

    async def test_session_ends_with_its_time_and_when_it_is_left_alone(self, store: Store) -> None:
        await begin(store)
        sessions = await store.sessions()
        instant = timedelta(microseconds=1)

        assert await find(store, now=NOON + 8 * HOUR - instant) is not None
        assert await find(store, now=NOON + 8 * HOUR) is None
        await sessions.note_seen(b"s" * 32, NOON + 7 * HOUR)
        await sessions.note_seen(b"s" * 32, NOON + 6 * HOUR)
        seen = await find(store, now=NOON + 12 * HOUR - instant)
        assert seen is not None
        assert seen.seen_at == NOON + 7 * HOUR
        assert await find(store, now=NOON + 12 * HOUR) is None

    async def test_session_takes_the_place_of_another(self, store: Store) -> None:
        before, other = await begin(store), await begin(store, b"o")

        new = replace(NEW, digest=b"n" * 32)
        begun = await (await store.sessions()).begin_session(new, ACT, instead_of=b"s" * 32)

        assert begun.id not in (before.id, other.id)
        assert await find(store) is None
        assert [await find(store, each) for each in (b"o", b"n")] == [other, begun]

    async def test_session_that_was_ended_is_gone(self, store: Store) -> None:
        await begin(store)
        sessions = await store.sessions()

        assert await sessions.end_session(b"s" * 32, ACT)
        assert not await sessions.end_session(b"s" * 32, ACT)
        assert await find(store) is None

    async def test_sessions_of_a_person_are_listed_newest_first(self, store: Store) -> None:
        await people(store)
        old, new, _, _ = [
            await begin(store, digest, person, NOON + number * HOUR)
            for number, (digest, person) in enumerate([(b"1", "per_1"), (b"2", "per_1"), (b"3", "per_2"), (b"4", "")])
        ]
        sessions, now = await store.sessions(), NOON + 4 * HOUR

        assert await sessions.list_sessions("per_1", now, NOON - HOUR) == [new, old]
        assert await sessions.list_sessions("per_1", now, NOON) == [new]
        assert await sessions.list_sessions("per_1", now, NOON - HOUR, limit=1) == [new]
        assert [one.via for one in await sessions.list_sessions("", now, NOON)] == ["link"]
        assert await sessions.list_sessions("per_1", NOON + 12 * HOUR, NOON - HOUR) == [new]
        assert await sessions.list_sessions("per_\0", now, NOON) == []

    async def test_sessions_are_listed_page_by_page_also_those_of_one_moment(self, store: Store) -> None:
        await people(store)
        for number, digest in enumerate([b"1", b"2", b"3", b"4"]):
            await begin(store, digest, "per_1", NOON + max(1, number) * HOUR)
        await begin(store, b"5", "per_2", NOON)
        sessions, now = await store.sessions(), NOON + 4 * HOUR
        every = await sessions.list_sessions("per_1", now, NOON - HOUR)

        for size in (1, 2, 3):
            found: list[Session] = []
            while page := await sessions.list_sessions(
                "per_1", now, NOON - HOUR, limit=size, after=(found[-1].made_at, found[-1].id) if found else None
            ):
                found += page
            assert found == every
        assert len(every) == 4

    async def test_sessions_of_a_person_end_one_or_all_or_all_but_one(self, store: Store) -> None:
        await people(store)
        sessions = await store.sessions()
        for digest in (b"1", b"2", b"3", b"4"):
            await begin(store, digest, "per_1")
        bobs = await begin(store, b"b", "per_2")
        first = await find(store, b"1")
        assert first is not None

        assert await sessions.end_sessions("per_1", ACT, id=bobs.id) == 0
        assert await sessions.end_sessions("per_1", ACT, id=first.id) == 1
        assert await find(store, b"1") is None
        assert await sessions.end_sessions("per_1", ACT, but=b"3" * 32) == 2
        assert await find(store, b"3") is not None
        assert await sessions.end_sessions("per_1", ACT) == 1
        assert await sessions.end_sessions("per_1", ACT) == 0
        assert await find(store, b"b") == bobs

    async def test_session_of_nobody_who_is_here_does_not_open(self, store: Store) -> None:
        await begin(store, b"1", "per_1")

        assert await find(store, b"1") is None

    async def test_sessions_end_with_the_person(self, store: Store) -> None:
        await people(store)
        everybody = await store.people()
        for digest, person in ((b"1", "per_1"), (b"2", "per_2"), (b"0", "")):
            await begin(store, digest, person)

        await everybody.switch_person("per_1", ACT, on=False)
        assert await find(store, b"1") is None
        await begin(store, b"3", "per_1")  # by somebody who proved it just before
        assert await find(store, b"3") is None
        await everybody.switch_person("per_1", ACT, on=True)
        assert [await find(store, each) for each in (b"1", b"3")] == [None, None]
        await everybody.remove_person("per_2", ACT)
        assert await find(store, b"2") is None
        assert await find(store, b"0") is not None

    async def test_sessions_end_with_the_password_they_began_under(self, store: Store) -> None:
        await people(store)
        await begin(store, b"1", "per_1", NOON)
        await begin(store, b"2", "per_2", NOON)

        await set_password(store, 1, "$argon2id$", act(NOON + HOUR))
        await begin(store, b"3", "per_1", NOON + HOUR)
        await begin(store, b"4", "per_1", NOON)  # by somebody who proved it just before

        now = NOON + 2 * HOUR
        assert [await find(store, each, now) is not None for each in (b"1", b"2", b"3", b"4")] == [
            False,
            True,
            True,
            False,
        ]

    async def test_session_of_a_password_that_was_taken_away_meanwhile_does_not_open(self, store: Store) -> None:
        await people(store)
        await set_password(store, 1, "$argon2id$")

        await set_password(store, 1, "", act(NOON + HOUR))
        await begin(store, b"1", "per_1", NOON)  # by somebody who proved it just before
        await begin(store, b"2", "per_1", NOON + HOUR)

        assert [await find(store, each, NOON + HOUR) is not None for each in (b"1", b"2")] == [False, True]

    async def test_what_begins_and_ends_sessions_is_recorded(self, store: Store, clock: FixedClock) -> None:
        await people(store)
        begun = await begin(store, b"1", "per_1")
        sessions = await store.sessions()
        new = replace(NEW, digest=b"2" * 32, person_id="per_1")
        after = await sessions.begin_session(new, ACT, instead_of=b"1" * 32)
        await sessions.end_session(b"2" * 32, ACT)
        await sessions.note_seen(b"2" * 32, NOON)

        records = [one for one in await store.list_audit() if one.action.startswith("session.")][::-1]

        assert [(one.action, one.target) for one in records] == [
            ("session.begin", "per_1"),
            ("session.end", "per_1"),
            ("session.begin", "per_1"),
            ("session.end", "per_1"),
        ]
        told = [f"{one.before} {one.after}" for one in records]
        assert [begun.id in one for one in told] == [True, True, False, False]
        assert [after.id in one for one in told] == [False, False, True, True]
        assert '"via":"link"' in records[0].after

    async def test_somebody_has_a_password_while_a_person_who_may_in_has_one(self, store: Store) -> None:
        await people(store)
        sessions, everybody = await store.sessions(), await store.people()

        assert not await sessions.anybody_has_a_password()
        await set_password(store, 1, "$argon2id$")
        assert await sessions.anybody_has_a_password()
        await everybody.switch_person("per_1", ACT, on=False)
        assert not await sessions.anybody_has_a_password()

    async def test_what_the_operator_begins_is_recorded_as_the_operators(self, store: Store) -> None:
        await begin(store)

        assert (await store.list_audit())[0].target == "operator"

    async def test_session_takes_text_that_no_database_does(self, store: Store) -> None:
        odd = replace(NEW, via="\0", client="\ud800", agent="a\0b")

        begun = await (await store.sessions()).begin_session(odd, ACT)

        assert (begun.via, begun.client, begun.agent) == ("?", "?", "a?b")

    async def test_closed_store_knows_no_session(self, store: Store) -> None:
        await store.close()

        with pytest.raises(Unavailable):
            await store.sessions()
