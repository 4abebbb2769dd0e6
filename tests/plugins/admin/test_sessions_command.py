"""`tollbridge person sessions` and `sign-out`."""

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.middleware.cli.conftest import Ran, config, tollbridge

from tollbridge import Gateway
from tollbridge.sessions import Browser

__all__ = ["config", "tollbridge"]

Command = Callable[..., Ran]
FIREFOX = Browser("192.0.2.1", "Firefox/140")


def begin(config: Path, *people: str) -> list[str]:
    """Begin a session of each; gives their ids."""

    async def done() -> list[str]:
        gateway = Gateway(config, serves=False)
        async with gateway.administered():
            return [(await gateway.sessions.begin(one, "password", FIREFOX)).session.id for one in people]

    return asyncio.run(done())


@pytest.fixture
def ada(tollbridge: Command) -> str:
    made = tollbridge("person", "add", "--email", "ada@example.com", "--name", "Ada", "--no-password", "--json").json
    id: str = made["id"]
    return id


def test_sessions_are_listed_and_ended(tollbridge: Command, config: Path, ada: str) -> None:
    one, two, operators = begin(config, ada, ada, "")

    listed = tollbridge("person", "sessions", "ada@example.com")
    assert [line.split()[:4] for line in listed.out.splitlines()[2:]] == [
        [id, "password", "192.0.2.1", "Firefox/140"] for id in (two, one)
    ]
    assert [each["id"] for each in tollbridge("person", "sessions", ada, "--json").json] == [two, one]
    assert [each["id"] for each in tollbridge("person", "sessions", "operator", "--json").json] == [operators]
    assert tollbridge("person", "sign-out", ada, "--session", two).out == "1 ended\n"
    assert tollbridge("person", "sign-out", ada, "--session", two).code == 3
    assert tollbridge("person", "sign-out", "operator", "--yes", "--json").json == {"ended": 1}
    assert tollbridge("person", "sign-out", "ada@example.com", "--yes").out == "1 ended\n"
    assert tollbridge("person", "sessions", ada).out == "There are no sessions.\n"


def test_nobody_is_signed_out_everywhere_by_mistake(
    tollbridge: Command, config: Path, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = begin(config, ada)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    assert tollbridge("person", "sign-out", ada).code == 130

    assert [each["id"] for each in tollbridge("person", "sessions", ada, "--json").json] == [one]
