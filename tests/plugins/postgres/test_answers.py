"""Kept answers on PostgreSQL, beyond what every store promises."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.support.requires import requires

from tollbridge import Unavailable
from tollbridge.testing.kept_contract import KEPT
from tollbridge_postgres.answers import MOST_TURNS, Answers, Keep
from tollbridge_postgres.clock import DatabaseClock
from tollbridge_postgres.upkeep import Upkeep

pytestmark = requires("postgres")


@pytest.fixture
async def answers(pool, clock):
    answers = Answers(pool, DatabaseClock(clock))
    yield answers
    await answers.close()


async def counts(db):
    return [await db.fetchval(f"SELECT count(*) FROM {table}") for table in ("kept_answer", "kept_item")]


async def test_ended_answers_leave_the_database_with_the_next_tidying(answers, pool, clock, db):
    for number in range(450):
        answers.keep(replace(KEPT, id=f"resp_{number}"), b"sealed")
    answers.keep(replace(KEPT, id="resp_later", ends_at=KEPT.ends_at + timedelta(days=1)), b"sealed")
    await answers.flush()
    assert await counts(db) == [451, 902]
    clock.advance(timedelta(days=30).total_seconds())
    upkeep, other = (Upkeep(pool, DatabaseClock(clock), settled=answers.flush) for _ in range(2))

    await asyncio.gather(upkeep.tidy(), other.tidy())

    assert await counts(db) == [1, 2]


async def test_only_the_newest_turns_of_a_long_conversation_are_found(answers):
    for turn in range(MOST_TURNS + 5):
        answers.keep(replace(KEPT, id=f"r{turn}", before=f"r{turn - 1}" if turn else "", items=()), b"")

    found = await answers.find_thread(f"r{MOST_TURNS + 4}", "tok_1")

    assert len(found) == MOST_TURNS
    assert (found[0].id, found[-1].id) == ("r5", f"r{MOST_TURNS + 4}")


@pytest.mark.parametrize("wrong", [{"provider": ("no text",)}, {"provider": "\0"}, {"items": ("x" * 20_000 * 17,)}])
async def test_answer_that_no_column_takes_is_logged_and_not_kept(answers, wrong):
    with capture_logs() as logs:
        answers.keep(replace(KEPT, **wrong), b"")
        answers.keep(replace(KEPT, id="resp_2"), b"")

        assert await answers.find_answer("resp_2", "tok_1") is not None
        assert "ledger_write_failed" not in [entry["event"] for entry in logs]

    kept = await answers.find_answer("resp_1", "tok_1")
    events = [entry["event"] for entry in logs]
    assert (kept is None, events) in [(True, ["ledger_operation_failed", "answer_not_kept"]), (False, [])]
    assert kept is None or "items" in wrong  # an index takes what can be packed


async def test_answers_of_an_event_loop_that_ends_are_told_as_a_failure(answers, monkeypatch):
    async def never(*_):
        await asyncio.Event().wait()

    monkeypatch.setattr(answers._pool, "transact", never)
    task = answers._begin([Keep(KEPT, b"")])
    await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(Unavailable):
        await task


async def test_answers_that_cannot_be_kept_are_logged(answers, monkeypatch):
    async def away(*_):
        raise Unavailable("away", detail="store: away")

    monkeypatch.setattr(answers._pool, "transact", away)
    with capture_logs() as logs:
        answers.keep(KEPT, b"sealed")
        await answers.flush()
        await asyncio.sleep(0)

    assert [entry["event"] for entry in logs] == ["ledger_write_failed", "answer_not_kept"]
