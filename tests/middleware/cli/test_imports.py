"""Tokens of another system from the command line."""

import asyncio
import hashlib
import io
import json

import pytest

from tollbridge import Gateway

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
        ({"name": "x", "hash": HASH, "hours": "late"}, 2, "line 2: 'late' are no hours"),
        ({"name": "x", "hash": "md5:1"}, 1, "line 2: a hash is sha256:"),
        ({"name": "x", "hash": "hmac:old:" + "0" * 64}, 1, "line 2: hmac:old is not switched on"),
        ({"name": "x", "hash": HASH, "scopes": ["x"]}, 1, "line 2: 'x' is no scope"),
    ],
)
def test_line_that_cannot_be_imported_is_named(bring, line, code, sentence) -> None:
    ran = bring({"name": "a", "hash": "sha256:" + "1" * 64}, line)

    assert (ran.code, ran.out) == (code, "")
    assert sentence in ran.err


def test_file_that_cannot_be_read_is_named(tollbridge, tmp_path) -> None:
    ran = tollbridge("token", "import", str(tmp_path / "none"))

    assert ran.code == 2
    assert "cannot be read" in ran.err
