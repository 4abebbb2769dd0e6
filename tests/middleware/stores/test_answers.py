"""Kept answers on SQLite, beyond what every store promises."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from tollbridge.stores.answers import MOST_TURNS, Answers
from tollbridge.stores.batch import TickBatch
from tollbridge.stores.files import connect
from tollbridge.stores.upkeep import Upkeep
from tollbridge.testing.kept_contract import KEPT


@pytest.fixture
async def upkeep(path, clock):
    upkeep = Upkeep(connect(path), clock)
    yield upkeep
    await upkeep.close()


@pytest.fixture
async def answers(path, clock, upkeep):
    writer = connect(path)
    batch = TickBatch(writer)
    yield Answers(batch, upkeep, clock)
    await batch.close()
    writer.close()


def rows(db):
    return [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("kept_answer", "kept_item")]


async def test_ended_answers_leave_the_file_with_the_next_tidying(answers, upkeep, clock, db):
    for number in range(450):
        answers.keep(replace(KEPT, id=f"resp_{number}"), b"sealed")
    answers.keep(replace(KEPT, id="resp_later", ends_at=KEPT.ends_at + timedelta(days=1)), b"sealed")
    await answers.find_answer("resp_1", "tok_1")
    assert rows(db) == [451, 902]
    clock.advance(timedelta(days=30).total_seconds())

    await upkeep.tidy()

    assert rows(db) == [1, 2]


async def test_only_the_newest_turns_of_a_long_conversation_are_found(answers):
    for turn in range(MOST_TURNS + 5):
        answers.keep(replace(KEPT, id=f"r{turn}", before=f"r{turn - 1}" if turn else "", items=()), b"")

    found = await answers.find_thread(f"r{MOST_TURNS + 4}", "tok_1")

    assert len(found) == MOST_TURNS
    assert (found[0].id, found[-1].id) == ("r5", f"r{MOST_TURNS + 4}")


async def test_answer_that_no_column_takes_is_logged_and_not_kept(answers):
    with capture_logs() as logs:
        answers.keep(replace(KEPT, provider=("no text",)), b"")
        answers.keep(replace(KEPT, id="resp_2"), b"")

        assert await answers.find_answer("resp_1", "tok_1") is None
        assert await answers.find_answer("resp_2", "tok_1") is not None

    assert [entry["event"] for entry in logs] == ["ledger_operation_failed", "answer_not_kept"]


async def test_answers_that_a_full_disk_does_not_take_are_logged(answers, no_room):
    with no_room() as logs:
        answers.keep(KEPT, b"sealed")
        assert await answers.contents(["resp_1"], "tok_1") == {}

    assert "answer_not_kept" in [entry["event"] for entry in logs]
