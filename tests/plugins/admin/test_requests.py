"""How requests are written on a command line."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import typer

from tollbridge_admin.commands.requests import read_header, read_request, read_text

CURL = """curl -sS -X POST 'https://gw.example.com/v1/chat/completions?x=1' \\
  -H "Authorization: Bearer tb_mine" -H 'x-team: blue' -HAccept:text/plain --max-time 5 -o out.json \\
  --header 'X-Api-Key: tb_mine' --json '{"model": "small"}' --compressed"""


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("small", {"model": "small"}),
        ("openai/gpt-4o", {"model": "openai/gpt-4o"}),
        ("/v1/models", {"method": "GET", "path": "/v1/models"}),
        ("DELETE  /v1/files/f_1?x=1", {"method": "DELETE", "path": "/v1/files/f_1?x=1"}),
        ("req_0123", {"call": "req_0123"}),
        ("curl http://h/x", {"method": "GET", "path": "/x"}),
        ("curl 'http://h/x?a=1&KEY=AIzaSecret&token=tb_mine'", {"method": "GET", "path": "/x?a=1&KEY=&token=tb_"}),
        ("POST /x?api_key=sk-mine&b=2", {"method": "POST", "path": "/x?api_key=&b=2"}),
        ("/x?access_token=mine", {"method": "GET", "path": "/x?access_token="}),
        ("curl http://h/x -H 'api-key: mine'", {"method": "GET", "path": "/x"}),
        ("curl http://h/x -d a=1 --data b=2", {"method": "POST", "path": "/x", "body": "a=1&b=2"}),
        ("curl --request=PUT --url http://h/x -dq", {"method": "PUT", "path": "/x", "body": "q"}),
        (
            CURL,
            {
                "method": "POST",
                "path": "/v1/chat/completions?x=1",
                "headers": {"x-team": "blue", "Accept": "text/plain"},
                "body": '{"model": "small"}',
            },
        ),
    ],
)
def test_request_is_read(said: str, found: dict[str, Any]) -> None:
    assert read_request(said) == found


@pytest.mark.parametrize(
    "said", ["", "two words", "get /x", "curl -X POST", "curl 'http://h/x", "curl http://h", "POST "]
)
def test_what_is_no_request_is_wrong_usage(said: str) -> None:
    with pytest.raises(typer.BadParameter):
        read_request(said)


def test_file_holds_the_words_of_the_api_and_any_json_as_the_body(tmp_path: Path) -> None:
    wish = {"method": "PUT", "path": "/x", "headers": {"Cookie": "a=b", "x-y": "z"}, "body": {"a": [1]}, "from": "::1"}
    (tmp_path / "r.json").write_text(json.dumps(wish))
    (tmp_path / "q.json").write_text('{"path": "/x?key=mine"}')
    (tmp_path / "m.json").write_text('{"model": "small", "body": "", "headers": {"Cookie": "a"}}')

    assert read_request(f"@{tmp_path}/r.json") == {**wish, "headers": {"x-y": "z"}, "body": '{"a": [1]}'}
    assert read_request(f"@{tmp_path}/m.json") == {"model": "small"}
    assert read_request(f"@{tmp_path}/q.json") == {"path": "/x?key="}


@pytest.mark.parametrize("text", ["{", "[]", '{"token": "tok_1"}', '{"headers": "x"}'])
def test_file_of_anything_else_is_wrong_usage(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text)

    with pytest.raises(typer.BadParameter):
        read_request(f"@{tmp_path}/r.json")


def test_text_is_what_is_said_or_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t").write_text("in a file")
    monkeypatch.setattr("sys.stdin", io.StringIO("from\nstdin"))

    assert [read_text(said, "") for said in ("plain", f"@{tmp_path}/t", "-")] == ["plain", "in a file", "from\nstdin"]
    with pytest.raises(typer.BadParameter, match="cannot be read as text"):
        read_text(f"@{tmp_path}/none", "")


def test_header_is_a_name_and_a_value() -> None:
    assert read_header("X-A:  b: c ") == ("X-A", "b: c")
    for said in ("tb_secret", ":x", " : x", "n\u00e4me: x", "two words: x", "x: tb_secret\u2014", "x: tb_secret\nx"):
        with pytest.raises(typer.BadParameter) as refusal:
            read_header(said)
        assert "tb_secret" not in str(refusal.value)
