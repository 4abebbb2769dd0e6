"""Tokens of running calls: asked for again only where one may have changed."""

import sqlite3
from collections.abc import Iterator

import pytest
from tests.middleware.stores.test_hot import add

from tollbridge.errors import Unavailable
from tollbridge.stores.files import connect
from tollbridge.stores.mark import TokenMark
from tollbridge.stores.running import RunningTokens
from tollbridge.tokens.model import Shown

ONE, TWO = Shown("tok_1"), Shown("tok_2")


@pytest.fixture
def mark(path) -> Iterator[TokenMark]:
    mark = TokenMark(path)
    yield mark
    mark.close()


@pytest.fixture
def reader(path) -> Iterator[sqlite3.Connection]:
    reader = connect(path)
    yield reader
    reader.close()


def test_nothing_is_asked_while_the_mark_stays(db, reader, mark, clock) -> None:
    add(db, "tok_1")
    add(db, "tok_2")
    running = RunningTokens(reader, clock, mark)
    asked: list[str] = []
    reader.set_trace_callback(asked.append)

    found = [running.open({ONE}) for _ in range(3)]
    more = [running.open({ONE, TWO}) for _ in range(3)]

    assert found == [{ONE}] * 3
    assert more == [{ONE, TWO}] * 3
    assert len(asked) == 2
    with mark.changing():
        db.execute("UPDATE token SET revoked_at = 1 WHERE id = 'tok_2'")
    assert [running.open({ONE, TWO}) for _ in range(3)] == [{ONE}] * 3
    assert len(asked) == 4


def test_what_was_read_while_a_token_changes_is_not_trusted_after_it(db, reader, mark, clock) -> None:
    add(db, "tok_1")
    running = RunningTokens(reader, clock, mark)

    with mark.changing():
        assert running.open({ONE}) == {ONE}
        db.execute("UPDATE token SET revoked_at = 1")

    assert running.open({ONE}) == set()


def test_only_running_tokens_are_remembered(db, reader, mark, clock) -> None:
    running = RunningTokens(reader, clock, mark)
    for number in range(50):
        add(db, f"tok_{number}")
        assert running.open({Shown(f"tok_{number}")}) == {Shown(f"tok_{number}")}

    assert list(running._ends) == [Shown("tok_49")]


def test_reader_that_fails_says_so_and_is_asked_again(db, reader, mark, clock) -> None:
    add(db, "tok_1")
    running = RunningTokens(reader, clock, mark)
    db.execute("ALTER TABLE token RENAME TO away")

    with pytest.raises(Unavailable):
        running.open({ONE})

    db.execute("ALTER TABLE away RENAME TO token")
    assert running.open({ONE}) == {ONE}
