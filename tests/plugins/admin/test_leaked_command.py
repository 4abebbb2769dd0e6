"""`tollbridge token leaked`: what stands in a text is reported, here and elsewhere."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.middleware.cli.conftest import Ran, config, laid, tollbridge
from tests.support.live import LiveGateway, mock_config

from tollbridge.tokens.secret import make_secret

__all__ = ["config", "laid", "tollbridge"]

Command = Callable[..., Ran]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("live"), mock_config("http://127.0.0.1:9")) as gateway:
        yield gateway


def say(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def make(tollbridge: Command) -> dict[str, Any]:
    made: dict[str, Any] = tollbridge("token", "create", "--name", "shop", "--json").json
    return made


def test_secrets_in_a_text_are_reported_and_their_tokens_are_off(tollbridge: Command, monkeypatch: Any) -> None:
    made, other = make(tollbridge), make(tollbridge)
    say(monkeypatch, f'KEY="{made["token"]}"\n{make_secret()} and again {made["token"]}\n')

    ran = tollbridge("token", "leaked", "--place", "https://example.com/a")

    assert (ran.code, ran.out) == (0, "reported 2 secrets\n")
    states = [tollbridge("token", "show", one["id"], "--json").json["state"] for one in (made, other)]
    assert states == ["disabled", "active"]
    records = tollbridge("audit", "list", "--target", made["id"], "--json").json
    told = next(record for record in records if record["action"] == "token.leaked")
    assert told["after"]["place"] == "https://example.com/a"
    assert made["token"] not in json.dumps(records)


def test_text_without_a_secret_reports_none_and_many_are_reported_in_parts(
    tollbridge: Command, monkeypatch: Any, laid: Path
) -> None:
    say(monkeypatch, "nothing")
    assert tollbridge("token", "leaked", "--json").json == {"reported": 0}

    say(monkeypatch, " ".join(make_secret() for _ in range(201)))
    assert tollbridge("token", "leaked", "--json").json == {"reported": 201}

    say(monkeypatch, make_secret())
    assert tollbridge("token", "leaked").out == "reported 1 secret\n"


def test_report_to_a_gateway_elsewhere_needs_the_secret_alone(
    live: LiveGateway, tollbridge: Command, monkeypatch: Any, tmp_path: Path
) -> None:
    made = live.token()
    say(monkeypatch, made["token"])

    ran = tollbridge("token", "leaked", "--url", live.url, "--token", live.token()["token"])

    assert (ran.code, ran.out) == (0, "reported 1 secret\n")
    shown = {"authorization": f"Bearer {made['token']}"}
    assert httpx2.get(f"{live.url}/v1/models", headers=shown).status_code == 401
