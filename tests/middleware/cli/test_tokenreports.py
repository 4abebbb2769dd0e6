"""The report on tokens that nobody uses."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

OLD = int((datetime.now(UTC) - timedelta(days=60)).timestamp() * 1_000_000)


@pytest.fixture
def aged(tollbridge, tmp_path):
    """Make tokens and let two months pass for all but the last."""
    made = [tollbridge("token", "create", "--name", name, "--json").json for name in ("idle", "new")]
    (file,) = tmp_path.rglob("tollbridge.db")
    with sqlite3.connect(file) as db:
        db.execute("UPDATE token SET created_at = ? WHERE id = ?", (OLD, made[0]["id"]))
    db.close()
    return made


def test_token_that_nobody_used_is_named(tollbridge, aged) -> None:
    (found,) = tollbridge("token", "report", "--json").json

    assert (found["id"], found["unused"]) == (aged[0]["id"], True)
    assert (found["spare_scopes"], found["suggested_scopes"]) == (["ai:*", "model:*"], [])


def test_report_is_written_for_people(tollbridge, aged) -> None:
    shown = tollbridge("token", "report", "--days", "59").out

    assert "Tokens of the last 59 days" in shown
    assert "idle" in shown
    assert "unused" in shown
    assert "new" not in shown.split("last used")[1]


def test_report_without_findings_says_so(tollbridge, aged) -> None:
    assert (
        tollbridge("token", "report", "--days", "61").out
        == "Every token that is older was used, and for all that it may do.\n"
    )


def test_every_page_of_tokens_is_looked_at(tollbridge, aged, monkeypatch) -> None:
    monkeypatch.setattr("tollbridge.cli.tokenways._PAGE", 1)

    assert [found["name"] for found in tollbridge("token", "report", "--json").json] == ["idle"]
