"""Tokens of another system from the command line."""

import asyncio
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.middleware.cli.conftest import config, laid, tollbridge
from tests.support.live import LiveGateway, mock_config

from tollbridge import Gateway

__all__ = ["config", "laid", "tollbridge"]

SECRET = "sk-1234-of-another-gateway"
HASH = f"sha256:{hashlib.sha256(SECRET.encode()).hexdigest()}"
FULL = {
    "name": "shop",
    "hash": HASH,
    "scopes": ["ai:chat"],
    "owner": "ada",
    "team": "blue",
    "expires": "2099-01-01T00:00",
    "budget": "5/day",
    "requests_per_minute": 6,
    "tokens_per_minute": 7,
    "concurrency": 8,
    "from": ["10.0.0.0/8"],
    "hours": "mon 08:00-18:00 UTC",
    "tags": ["old"],
    "metadata": {"from": "litellm"},
    "rotate_days": 0,
}


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveGateway]:
    text = mock_config("http://127.0.0.1:9") + '[tokens]\nimported = ["sha256"]\n'
    with LiveGateway(tmp_path, text) as gateway:
        yield gateway


@pytest.fixture
def bring(tollbridge, config, tmp_path):
    """Switch imports on, and give a function that imports lines."""
    config.write_text(config.read_text() + '[tokens]\nimported = ["sha256"]\n')

    def bring(*lines: object, arguments: tuple[str, ...] = ("--json",)):
        file = tmp_path / "tokens.jsonl"
        file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
        return tollbridge("token", "import", str(file), *arguments)

    return bring


async def who(secret: str) -> str | None:
    async with Gateway() as gateway:
        found = await gateway.tokens.identify(secret.encode())
        again = await gateway.tokens.identify(secret.encode())
        assert found == again == gateway.tokens.recall(secret.encode())
        return None if found is None else found.name


def test_caller_of_another_system_goes_on_with_its_secret(bring) -> None:
    bring({"name": "laptop", "hash": HASH})

    assert asyncio.run(who(SECRET)) == "laptop"
    assert asyncio.run(who(SECRET + "x")) is None
    assert asyncio.run(who("tb_" + "0" * 38)) is None


def test_everything_that_is_said_of_a_token_arrives(bring, tollbridge) -> None:
    (id,) = bring(FULL).json["imported"]

    shown = tollbridge("token", "show", id, "--json").json
    said = {name: shown[name] for name in FULL if name in shown}
    assert said == {**{name: FULL[name] for name in said}, "budget": {"usd": "5", "period": "day"}}
    assert (shown["hint"], shown["expires_at"]) == ("imported", "2099-01-01T00:00:00Z")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_where_one_of_a_file_does_and_at_nothing_that_stands_in_a_text(bring, tollbridge, end: str) -> None:
    lines = [{"name": name, "hash": f"sha256:{name * 64}", "metadata": {"of": "Zoe\u2028CI\u0085"}} for name in "ab"]

    ran = bring(end.join(json.dumps(line, ensure_ascii=False) for line in lines))

    assert ran.code == 0, ran.err
    shown = [tollbridge("token", "show", id, "--json").json for id in ran.json["imported"]]
    assert [each["metadata"] for each in shown] == [line["metadata"] for line in lines]


def test_line_that_was_imported_before_is_passed_over(bring) -> None:
    other = {"name": "b", "hash": "sha256:" + "0" * 64}
    bring({"name": "a", "hash": HASH})

    again = bring({"name": "a", "hash": HASH}, "", other)
    shown = bring(other, arguments=())

    assert (len(again.json["imported"]), again.json["known_before"]) == (1, 1)
    assert shown.out == "imported: 0, known before: 1\n"


def test_lines_come_from_standard_input_too(bring, tollbridge, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"name": "a", "hash": HASH})))

    assert len(tollbridge("token", "import", "-", "--json").json["imported"]) == 1


def test_imported_token_is_rotated_to_a_secret_of_ours(bring, tollbridge) -> None:
    (id,) = bring({"name": "a", "hash": HASH}).json["imported"]

    rotated = tollbridge("token", "rotate", id, "--overlap", "now", "--json").json

    assert rotated["token"].startswith("tb_")
    assert asyncio.run(who(SECRET)) is None
    assert asyncio.run(who(rotated["token"])) == "a"


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("nonsense", 2, "line 2: Expecting value"),
        ("[]", 2, "line 2: it is no JSON object"),
        ({"name": "x"}, 2, "line 2: hash is missing"),
        ({"hash": HASH}, 2, "line 2: name is missing"),
        ({"name": "x", "hash": HASH, "sleep": 1}, 2, "line 2: 'sleep' is unknown; known: name, hash"),
        ({"name": "x", "hash": HASH, "scopes": "ai:*"}, 2, "line 2: scopes must be a list of texts"),
        ({"name": "x", "hash": HASH, "concurrency": True}, 2, "line 2: concurrency must be a whole number"),
        ({"name": "x", "hash": HASH, "owner": 1}, 2, "line 2: owner must be a text"),
        ({"name": "x", "hash": HASH, "metadata": {"a": 1}}, 2, "line 2: metadata must be an object of texts"),
        ({"name": "x", "hash": HASH, "canary": 1}, 2, "line 2: canary must be true or false"),
        ({"name": "x", "hash": HASH, "expires": "late"}, 2, "line 2: 'late' is neither a span"),
        ({"name": "x", "hash": HASH, "budget": "5/year"}, 2, "line 2: '5/year': a budget is USD/day"),
        ({"name": "\ud800", "hash": HASH}, 2, "line 2: it holds half of a surrogate pair"),
        ({"name": "x", "hash": HASH, "hours": "late"}, 1, "line 2: hours: write them as mon-fri"),
        ({"name": "x", "hash": "md5:1"}, 1, "line 2: hash: a hash is sha256:"),
        ({"name": "x", "hash": "hmac:old:" + "0" * 64}, 1, "line 2: hash: hmac:old is not switched on"),
        ({"name": "x", "hash": HASH, "scopes": ["x"]}, 1, "line 2: scopes: 'x' is no scope"),
        ({"name": "x", "hash": HASH, "environment": "moon"}, 1, "line 2: environment: "),
    ],
)
def test_line_that_cannot_be_imported_is_named_and_no_line_is(
    bring, tollbridge, line, code, sentence, laid: Path
) -> None:
    ran = bring({"name": "a", "hash": "sha256:" + "1" * 64}, line)

    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(f"tollbridge: {sentence}") or f": {sentence}" in ran.err
    assert "tok_" not in tollbridge("token", "list", "--json").out


def test_more_lines_than_a_request_takes_go_in_parts_and_a_refusal_says_what_is_there(bring, tollbridge) -> None:
    lines = [{"name": f"t{n}", "hash": f"sha256:{n:064x}"} for n in range(250)]
    lines[230] = {**lines[230], "scopes": ["x"]}

    ran = bring("", *lines)

    assert (ran.code, ran.out) == (1, "")
    assert "line 232: scopes: 'x' is no scope" in ran.err
    assert ran.err.endswith("; the lines before 202 were imported: mend it, and import the file again\n")
    assert len(tollbridge("token", "list", "--limit", "1000", "--json").json) == 200
    again = bring(*lines[:230], *lines[231:])
    assert (len(again.json["imported"]), again.json["known_before"]) == (49, 200)


def test_long_lines_go_in_parts_too(bring) -> None:
    wordy = {"metadata": {f"k{n}": "x" * 500 for n in range(32)}}

    ran = bring(*({"name": f"t{n}", "hash": f"sha256:{n:064x}", **wordy} for n in range(9)))

    assert len(ran.json["imported"]) == 9


def test_file_without_a_line_imports_nothing(bring) -> None:
    assert bring("", "  ").json == {"imported": [], "known_before": 0}


def test_gateway_elsewhere_imports_below_the_token_that_asks(live, tollbridge, tmp_path) -> None:
    mine = live.token("--scope", "admin:tokens:*", "--scope", "ai:*", "--scope", "model:*")
    (tmp_path / "secret").write_text(mine["token"])
    (tmp_path / "tokens.jsonl").write_text(f'{{"name": "a", "hash": "{HASH}"}}\n')
    where = ("--url", live.url, "--token", f"@{tmp_path / 'secret'}", "--json")

    ran = tollbridge("token", "import", str(tmp_path / "tokens.jsonl"), *where)
    again = tollbridge("token", "import", str(tmp_path / "tokens.jsonl"), *where)

    (id,) = ran.json["imported"]
    assert tollbridge("token", "show", id, *where).json["parent"] == mine["id"]
    assert again.json == {"imported": [], "known_before": 1}
    used = httpx2.get(f"{live.url}/v1/models", headers={"authorization": f"Bearer {SECRET}"})
    assert used.status_code == 200
    (tmp_path / "tokens.jsonl").write_text(f'{{"name": "a", "hash": "{HASH}", "scopes": ["admin:*"]}}\n')
    beyond = tollbridge("token", "import", str(tmp_path / "tokens.jsonl"), *where)
    assert (beyond.code, beyond.out) == (1, "")
    assert "line 1: the scope 'admin:*' reaches beyond what you may do yourself" in beyond.err


def test_file_that_cannot_be_read_is_named(tollbridge, tmp_path) -> None:
    ran = tollbridge("token", "import", str(tmp_path / "none"))

    assert ran.code == 2
    assert "cannot be read" in ran.err
