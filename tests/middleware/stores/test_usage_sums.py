"""The migration that sums up the usage rows that are there: it gives what taking them over would have."""

import random
import sqlite3
from contextlib import closing
from datetime import timedelta

from msgspec.structs import replace
from tests.middleware.stores.test_rollingup import expected, kept
from tests.middleware.stores.test_schema import make_version, url_of

from tollbridge.metering.usage import Usage
from tollbridge.stores.counting import PENDING
from tollbridge.stores.rows import USAGE_COLUMNS, usage_values
from tollbridge.stores.schema import upgrade
from tollbridge.testing.samples import NOON, ROW


def some(number, seed=5):
    """Make calls of 70 days, of all kinds."""
    dice = random.Random(seed)
    for each in range(number):
        yield replace(
            ROW,
            call_id=f"req_{each}",
            at=NOON + timedelta(seconds=dice.randrange(70 * 86_400)),
            **{name: f"{name}-{dice.randrange(3)}" for name in ("team", "model", "token_id", "service")},
            provider=dice.choice(["", "openai"]),
            outcome=dice.choice(["complete", "refused", "truncated", "client_gone", "upstream_failed"]),
            status=dice.choice([0, 200, 404, 429, 500, 503]),
            error=dice.choice(["", "service_paused"]),
            parent=dice.choice(["", "", "req_0"]),
            cost=dice.choice([None, 0, 5, 10**12]),
            usage=Usage(input=dice.randrange(9), cache_write_1h=dice.randrange(9), audio_output=dice.randrange(9)),
            duration_ms=dice.randrange(100_000),
            first_byte_ms=dice.choice([None, 3, 700]),
        )


def test_rows_that_are_there_are_summed_up_as_they_would_have_been(tmp_path):
    path = tmp_path / "older.db"
    make_version(path, "0020")
    with closing(sqlite3.connect(path)) as db, db:
        marks = ", ".join("?" * len(USAGE_COLUMNS))
        statement = f"INSERT INTO usage ({', '.join(USAGE_COLUMNS)}) VALUES ({marks})"
        db.executemany(statement, map(usage_values, some(300)))

    upgrade(url_of(path))

    with closing(sqlite3.connect(path)) as db:
        assert kept(db) == expected(db)
        assert sum(made for (made,) in db.execute("SELECT made FROM usage_by_ending WHERE span = 900")) == 300
        assert db.execute(f"SELECT count(*) FROM {PENDING}").fetchone() == (0,)
