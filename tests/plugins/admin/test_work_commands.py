"""`tollbridge webhook`, `job`, `token auto-rotate` and `token rotate-all`: on this machine and elsewhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.middleware.cli.conftest import Ran, config, laid, tollbridge
from tests.support.live import LiveGateway, mock_config

__all__ = ["config", "laid", "tollbridge"]

Command = Callable[..., Ran]
URL = "https://hooks.example.com/in"


@pytest.fixture
def folder(config: Path) -> Path:
    made = config.parent / "secrets"
    made.mkdir()
    config.write_text(f'{config.read_text()}\n[rotation]\nfolder = "{made}"\n')
    return made


def make_token(tollbridge: Command, name: str = "shop") -> Any:
    return tollbridge("token", "create", "--name", name, "--json").json


def test_webhook_is_made_changed_tried_and_forgotten(tollbridge: Command, config: Path) -> None:
    made = tollbridge("webhook", "create", URL, "--name", "ours", "--event", "token.*", "--json").json
    id = made["id"]
    assert made["secret"].startswith("whsec_")

    shown = tollbridge("webhook", "show", id)
    edited = tollbridge("webhook", "edit", id, "--name", "theirs", "--disable", "--json").json
    rotated = tollbridge("webhook", "rotate-secret", id, "--overlap", "1h")
    tried = tollbridge("webhook", "test", id, "--json").json
    again = tollbridge("webhook", "redeliver", id, tried["id"])
    listed = tollbridge("webhook", "list")
    messages = tollbridge("webhook", "deliveries", id)

    assert dict(line.split(maxsplit=1) for line in shown.out.splitlines())["events"] == "token.*"
    assert "whsec_" not in shown.out + listed.out + messages.out
    assert (edited["name"], edited["disabled"], edited["url"]) == ("theirs", True, URL)
    assert "whsec_" in rotated.out
    assert "waiting" in again.out
    assert [line.split()[:2] for line in listed.out.splitlines()[2:]] == [[id, "theirs"]]
    assert [line.split()[:3] for line in messages.out.splitlines()[2:]] == [[tried["id"], "webhook.test", "waiting"]]
    assert tollbridge("webhook", "list", "--json").json[0]["id"] == id
    assert tollbridge("webhook", "deliveries", id, "--json").json[0]["id"] == tried["id"]
    assert tollbridge("webhook", "edit", id, "--enable", "--hook-url", f"{URL}2", "--json").json["url"] == f"{URL}2"
    assert tollbridge("webhook", "remove", id, "--yes").out == f"{id} is forgotten\n"
    assert tollbridge("webhook", "show", id).code == 3
    assert tollbridge("webhook", "list").out == "There is no webhook.\n"


def test_webhook_on_a_private_address_is_refused_in_the_apis_own_words(tollbridge: Command, config: Path) -> None:
    ran = tollbridge("webhook", "create", "http://127.0.0.1/in", "--name", "ours", "--private")

    assert ran.code == 1
    assert "[webhooks] allow_private" in ran.err


@pytest.mark.parametrize("url", ["http://127.0.0.1/in", "https://127.0.0.1/in", "http://hooks.example.com/in"])
def test_option_that_lets_a_webhook_be_on_a_private_address_is_named(
    tollbridge: Command, config: Path, url: str
) -> None:
    ran = tollbridge("webhook", "create", url, "--name", "ours")

    assert ran.code == 1
    assert "--private" in ran.err
    assert "allow_private" not in ran.err


def test_jobs_are_listed_and_hurried(tollbridge: Command, config: Path, laid: Path) -> None:
    listed = tollbridge("job", "list")
    ran = tollbridge("job", "run", "rotate_secrets")

    assert "rotate_secrets" in listed.out
    assert {one["name"] for one in tollbridge("job", "list", "--json").json} > {"tell_endings", "rotate_secrets"}
    assert ran.out == "rotate_secrets is due now\n"
    assert tollbridge("job", "run", "tell_endings", "--json").json["name"] == "tell_endings"
    assert tollbridge("job", "run", "nothing").code == 3


def test_secret_is_set_to_change_by_itself_and_not_to(tollbridge: Command, folder: Path) -> None:
    id = make_token(tollbridge)["id"]

    none = tollbridge("token", "auto-rotate", "show", id)
    put = tollbridge("token", "auto-rotate", "set", id, "--into", "file:shop", "--overlap", "7d", "--json").json
    shown = tollbridge("token", "auto-rotate", "show", id)
    beyond = tollbridge("token", "auto-rotate", "set", id, "--into", "file:../shop")
    removed = tollbridge("token", "auto-rotate", "remove", id)

    assert none.out == removed.out == "The token's secret does not change by itself.\n"
    assert (put["into"], put["days_before"], put["overlap_s"]) == ("file:shop", 14, 604_800)
    assert "168 h" in shown.out
    assert put["due_at"][:16].replace("T", " ") in shown.out
    assert beyond.code == 1


def test_all_tokens_of_a_filter_get_a_new_secret_each(tollbridge: Command, folder: Path) -> None:
    ids = {make_token(tollbridge, f"batch {number}")["id"] for number in range(2)}
    make_token(tollbridge, "other")

    rotated = tollbridge("token", "rotate-all", "--search", "batch", "--yes", "--json").json
    table = tollbridge("token", "rotate-all", "--search", "other", "--yes")
    handed = tollbridge("token", "rotate-all", "--search", "batch 1", "--into", "file:{id}", "--overlap", "now", "-y")
    none = tollbridge("token", "rotate-all", "--search", "nothing", "--yes")

    assert {one["id"] for one in rotated} == ids
    assert {one["result"] for one in rotated} == {"rotated"}
    assert "tb_" in table.out
    assert "conflict" in handed.out  # two secrets open already
    assert "rotate with --overlap now" in tollbridge("token", "rotate-all", "--search", "batch 0", "-y").out
    assert none.out == "There is no such token.\n"
    fresh = make_token(tollbridge, "fresh")["id"]
    out = tollbridge("token", "rotate-all", "--search", "fresh", "--into", "file:{id}", "--yes").out
    assert "handing_over" in out
    assert "tb_" not in out
    assert "new secret since" in tollbridge("token", "auto-rotate", "show", fresh).out


def test_all_of_it_works_elsewhere_too(tollbridge: Command, tmp_path: Path) -> None:
    with LiveGateway(tmp_path, mock_config("http://127.0.0.1:9")) as live:
        secret = live.token("--scope", "admin:*", "--scope", "ai:*")["token"]
        (tmp_path / "token").write_text(secret)
        there = ("--url", live.url, "--token", f"@{tmp_path / 'token'}")

        made = tollbridge("webhook", "create", URL, "--name", "ours", "--json", *there).json
        jobs = tollbridge("job", "list", "--json", *there).json
        rotated = tollbridge("token", "rotate-all", "--search", "live", "--yes", "--json", *there).json

        assert tollbridge("webhook", "show", made["id"], "--json", *there).json["name"] == "ours"
        assert "rotate_secrets" in {one["name"] for one in jobs}
        assert [one["result"] for one in rotated] == ["out_of_reach"]  # a token does not rotate itself with others
