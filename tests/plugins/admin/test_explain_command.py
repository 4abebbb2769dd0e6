"""`tollbridge explain` and `tollbridge api`, on this machine and against a gateway that serves."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.middleware.cli.conftest import Ran
from tests.middleware.cli.test_remote import Answering
from tests.support.live import LiveGateway, mock_config

from tollbridge.cli.app import run
from tollbridge_admin.commands.explain import _print as show

EVERYTHING = ("admin:*", "ai:*", "model:*")
MODEL = "gpt-4o-mini"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("live"), mock_config("http://127.0.0.1:9")) as gateway:
        secret = gateway.token(*(word for scope in EVERYTHING for word in ("--scope", scope)))["token"]
        (gateway.folder / "token").write_text(secret)
        yield gateway


@pytest.fixture(params=["here", "there"])
def command(
    request: pytest.FixtureRequest,
    live: LiveGateway,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """Give what runs a command on the gateway's machine, and elsewhere."""
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    there = ("--url", live.url, "--token", f"@{live.folder / 'token'}")
    where = ("--config", str(live.config)) if request.param == "here" else there

    def command(*words: str) -> Ran:
        capsys.readouterr()
        return Ran(run([*words, *where]), *capsys.readouterr())

    return command


def layers(text: str) -> dict[str, str]:
    """Give the mark of each layer."""
    lines = text.split("Layers, outside in")[1].splitlines()
    marks = ("ok ", "NO ", "-  ", "?  ")
    return {line.split()[1]: line.split()[0] for line in lines if line.startswith(marks)}


def test_operator_has_no_token_of_their_own_to_ask_about(
    live: LiveGateway, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")

    code = run(["explain", "me", MODEL, "--config", str(live.config)])

    assert code == 1
    assert "token: name a token: who runs commands on the machine has none" in capsys.readouterr().err


def test_call_that_crosses_is_told_a_line_a_layer(command: Any, live: LiveGateway) -> None:
    id = live.token("--scope", "ai:chat", "--scope", "model:*", "--rpm", "7", "--budget", "2/day")["id"]

    ran = command("explain", id, MODEL)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"POST /v1/chat/completions of {id} crosses\n")
    assert set(layers(ran.out).values()) == {"ok"}
    assert "7 requests in 60 s" in ran.out
    assert "limit usd 2, spent usd 0" in ran.out
    assert "note: no body was given" in ran.out


def test_refused_call_ends_with_1_and_marks_the_layer(command: Any, live: LiveGateway) -> None:
    id = live.token("--scope", "ai:chat")["id"]

    ran, shown = command("explain", id, MODEL), command("explain", id, MODEL, "--json")

    assert (ran.code, shown.code) == (1, 1)
    assert "is refused by authorize: 403 insufficient_scope\n" in ran.out
    assert f"to change: {id}: give it the scope model:{MODEL}\n" in ran.out
    marks = layers(ran.out)
    assert (marks["authenticate"], marks["authorize"], marks["limit"], marks["dispatch"]) == ("ok", "NO", "-", "-")
    assert shown.json["refusal"]["code"] == "insufficient_scope"
    assert shown.json["crosses"] is False


def test_request_is_given_with_body_headers_and_address(command: Any, live: LiveGateway, tmp_path: Path) -> None:
    id = live.token("--scope", "ai:*", "--scope", "model:*", "--from", "10.0.0.0/8")["id"]
    (tmp_path / "body").write_text(json.dumps({"model": MODEL, "max_tokens": 9, "messages": []}))
    line = ("POST /v1/chat/completions", "--body", f"@{tmp_path}/body", "-H", "X-Team: blue")

    away = command("explain", id, *line, "--from", "192.0.2.1", "--json").json
    inside = command("explain", id, *line, "--from", "10.0.0.1", "--json").json

    assert away["refusal"]["code"] == "token_not_here"
    assert inside["crosses"]
    (estimate,) = (rule for each in inside["layers"] for rule in each["rules"] if rule["kind"] == "estimate")
    assert estimate["values"]["output_tokens"] == 9


def test_answer_is_shown_without_what_a_terminal_would_obey_and_credentials_are_not_sent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    evil = "\x1b]0;owned\x07"
    rule = {"kind": "policy", "says": evil, "holds": False, "of": evil, "values": {}, "change": evil}
    refusal = {"layer": evil, "status": 403, "code": evil, "message": evil, "change": f"{evil}!"}
    recorded = {"id": evil, "at": evil, "outcome": evil, "status": 1, "error": evil}
    told = {"crosses": False, "token": evil, "method": "GET", "path": evil, "notes": [evil], "unsure": []}
    layers = [{"layer": evil, "decided": "refuses", "rules": [rule]}]
    body = json.dumps({**told, "refusal": refusal, "recorded": recorded, "layers": layers}).encode()

    with Answering(200, body, content_type="application/json") as there:
        run(["explain", "tok_1", MODEL, "-H", "Api-Key: mine", "-H", "a: b", "--url", there.url, "--token", "tb_x"])

    shown = capsys.readouterr().out
    assert shown.count("owned") == 14
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert json.loads(there.seen[0][2])["headers"] == {"a": "b"}


def test_secret_comes_from_a_file_or_standard_input_and_never_as_a_word(
    command: Any, live: LiveGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = live.token("--scope", "ai:*", "--scope", "model:*")
    (live.folder / "asked").write_text(made["token"] + "\n")
    monkeypatch.setattr("sys.stdin", io.StringIO(made["token"]))

    from_file = command("explain", f"@{live.folder / 'asked'}", MODEL, "--json")
    from_stdin = command("explain", "-", MODEL, "--json")
    word = command("explain", made["token"], MODEL)

    assert [ran.json["token"] for ran in (from_file, from_stdin)] == [made["id"]] * 2
    assert (word.code, word.out) == (2, "")
    assert made["token"] not in word.err + from_file.out


def test_refused_call_is_explained_by_its_id(command: Any, live: LiveGateway) -> None:
    made = live.token("--scope", "ai:chat")
    headers = {"authorization": f"Bearer {made['token']}"}
    body = {"model": MODEL, "messages": []}
    reply = httpx2.post(f"{live.url}/v1/chat/completions", headers=headers, json=body, trust_env=False)
    id = reply.headers["x-request-id"]

    ran, other = command("explain", made["id"], id), command("explain", "tok_1", id)

    assert (ran.code, other.code) == (1, 1)
    assert f"the call was made by {made['id']}, and not by this token" in other.err
    assert ran.out.startswith(f"{id} of ")
    assert "refused, 403 insufficient_scope; the same now:" in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ("explain", "-", MODEL, "--body", "-"),
        ("explain", "tok_1", "two words"),
        ("explain", "tok_1", MODEL, "-H", "tb_secret"),
        ("explain", "tok_1", MODEL, "-H", "x: \u2014"),
        ("api", "G\u00c4T", "/tokens"),
        ("api", "GET", "/tokens?limit=1"),
        ("api", "GET", "/tokens", "nonsense"),
        ("api", "GET", "/tokens", "=x"),
        ("api", "POST", "/tokens", "name:={"),
        ("api", "POST", "/tokens", "--all"),
        ("api", "POST", "/tokens", "name=x", "--body", "{}"),
        ("api", "GET", "/tokens", "--body", "{}"),
        ("api", "POST", "/tokens", "--body", "{"),
        ("api", "POST", "/tokens", "-H", "tb_secret"),
    ],
)
def test_wrong_usage_is_told_and_nothing_is_asked(command: Any, words: tuple[str, ...]) -> None:
    ran = command(*words)

    assert (ran.code, ran.out) == (2, "")
    assert "tb_secret" not in ran.err


def test_token_that_is_not_there_ends_with_3(command: Any) -> None:
    ran = command("explain", "tok_none", MODEL)

    assert (ran.code, ran.out, ran.err) == (3, "", "tollbridge: there is no such token\n")


def test_any_request_is_made_with_fields_or_a_body(command: Any, tmp_path: Path) -> None:
    made = command("api", "post", "tokens", "name=by fields", 'scopes:=["ai:chat"]', "rotate_days:=0").json
    (tmp_path / "body").write_text('{"name": "by body"}')
    changed = command("api", "PATCH", f"/tokens/{made['id']}", "--body", f"@{tmp_path}/body").json
    found = command("api", "GET", "/tokens", "q=by body", "limit=1").json
    same = command("api", "GET", f"/tokens/{made['id']}", "-H", 'If-None-Match: "x"').json

    assert (made["name"], made["rotate_days"]) == ("by fields", 0)
    assert changed["name"] == same["name"] == "by body"
    assert [one["id"] for one in found["items"]] == [made["id"]]


def test_list_is_followed_to_its_end(command: Any, live: LiveGateway) -> None:
    ids = [live.token("--scope", "ai:chat", "--team", "paged")["id"] for _ in range(3)]

    found = command("api", "GET", "/tokens", "team=paged", "limit=2", "--all").json

    assert {one["id"] for one in found} >= set(ids)
    assert all(one["team"] == "paged" for one in found)


def test_refusal_of_any_request_is_told_and_ends_with_its_code(command: Any) -> None:
    missing = command("api", "GET", "/tokens/tok_none")
    wrong = command("api", "POST", "/tokens", "name=x")

    assert (missing.code, missing.err) == (3, "tollbridge: there is no such token\n")
    assert (wrong.code, wrong.err) == (1, "tollbridge: scopes: it is needed\n")


def told(change: str = "") -> dict[str, Any]:
    rule = {"kind": "scope", "of": "", "says": "it may chat", "holds": True, "values": {}}
    failing = {**rule, "says": "it may not reach gpt-5", "holds": False}
    refusal = {"layer": "authorize", "status": 403, "code": "insufficient_scope", "message": "No.", "change": change}
    return {
        **{"recorded": None, "refusal": refusal, "method": "POST", "path": "/v1", "token": "tok_1", "notes": []},
        **{"layers": [{"decided": "refuses", "layer": "authorize", "rules": [rule, failing]}]},
    }


def test_layer_that_refuses_shows_the_rules_that_fail_alone(capsys: pytest.CaptureFixture[str]) -> None:
    show(told())

    shown = capsys.readouterr().out
    assert "it may not reach gpt-5" in shown
    assert "it may chat" not in shown


@pytest.mark.parametrize(("change", "shown"), [("", False), ("No.", False), ("Give it a scope.", True)])
def test_what_to_change_is_told_where_it_is_more_than_the_refusal(
    capsys: pytest.CaptureFixture[str], change: str, shown: bool
) -> None:
    show(told(change))

    assert ("to change" in capsys.readouterr().out) is shown


def test_standard_input_is_read_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "-", "gpt", "--url", "https://gw.example.com", "--token", "-"]) == 2
    assert "standard input is read once" in capsys.readouterr().err
