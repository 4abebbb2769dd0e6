"""`tollbridge client` and its keys: on this machine and elsewhere."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from tests.middleware.cli.conftest import Ran, config, tollbridge
from tests.support.jwts import jwks, signer
from tests.support.live import LiveGateway, mock_config

__all__ = ["config", "tollbridge"]

Command = Callable[..., Ran]
MAKE = ("client", "create", "--name", "shop", "--scope", "ai:chat", "--json")


@pytest.fixture
def client(tollbridge: Command, config: Path) -> Any:
    return tollbridge(*MAKE).json


def test_client_is_made_shown_changed_rotated_switched_and_ended(tollbridge: Command, config: Path) -> None:
    made = tollbridge(
        *MAKE[:-1], "--owner", "ada", "--budget", "25/day", "--rpm", "5", "--expires", "90d", "--from", "10.0.0.0/8"
    )
    id = made.out.split()[1]
    assert made.code == 0
    assert "Its secret, shown this once:\ntb_" in made.out
    shown = tollbridge("client", "show", id)
    assert "tb_" in shown.out
    assert made.out.split("tb_")[-1].strip() not in shown.out

    assert tollbridge("client", "edit", id, "--name", "web", "--scope", "ai:*", "--no", "budget").code == 0
    found = tollbridge("client", "show", id, "--json").json
    assert (found["name"], found["scopes"], found["budget"], found["requests_per_minute"]) == ("web", ["ai:*"], None, 5)
    assert tollbridge("client", "rotate-secret", id, "--overlap", "1h", "--json").json["secret"].startswith("tb_")
    states = [tollbridge("client", act, id, *more, "--json").json["state"] for act, *more in ACTS]
    assert states == ["disabled", "active", "revoked"]
    listed = tollbridge("client", "list", "--search", "web")
    assert [line.split()[:3] for line in listed.out.splitlines()[2:]] == [[id, "web", "revoked"]]
    assert [one["id"] for one in tollbridge("client", "list", "--json").json] == [id]
    assert tollbridge("client", "list", "--team", "blue").out == "There is no client.\n"


ACTS = (("disable",), ("enable",), ("revoke", "--yes"))


def test_client_is_not_edited_as_a_token_and_its_own_command_is_named(tollbridge: Command, client: Any) -> None:
    ran = tollbridge("token", "edit", client["id"], "--name", "x")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"tollbridge: this is a client; change it with tollbridge client edit {client['id']}\n"
    assert tollbridge("client", "show", client["id"], "--json").json["name"] == "shop"


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("client", "key", "add", "nope"), "client"),
        (("token", "key", "list", "nope"), "token"),
        (("client", "show", "nope"), "client"),
        (("team", "show", "NOPE"), "team"),
        (("person", "show", "nope"), "person"),
    ],
)
def test_what_nothing_could_be_called_is_told_as_what_is_not_there(
    tollbridge: Command, client: Any, words: tuple[str, ...], what: str
) -> None:
    ran = tollbridge(*words)

    assert (ran.code, ran.err) == (3, f"tollbridge: there is no such {what}\n")


def test_application_for_people_has_its_addresses_and_no_secret(tollbridge: Command, config: Path) -> None:
    made = tollbridge(
        *MAKE[:-1],
        *(
            "--auth",
            "none",
            "--grant",
            "authorization_code",
            "--redirect-uri",
            "https://shop.example/done",
            "--trusted",
        ),
    )

    assert made.code == 0
    assert "secret, shown this once" not in made.out
    assert "https://shop.example/done" in made.out
    assert "yes, people are not asked" in made.out


def test_client_that_signs_has_its_keys_from_a_file_or_by_a_url(
    tollbridge: Command, config: Path, tmp_path: Path
) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(jwks(signer("ES256", "c1")))

    made = tollbridge(*MAKE, "--auth", "private_key_jwt", "--keys", f"@{file}").json
    assert (made["keys"]["keys"][0]["kid"], made["secret"]) == ("c1", None)
    url = "https://shop.example/jwks.json"
    edited = tollbridge("client", "edit", made["id"], "--keys-url", url, "--no", "keys", "--json").json
    assert (edited["keys"], edited["keys_url"]) == (None, url)
    back = tollbridge("client", "edit", made["id"], "--keys", f"@{file}", "--no", "keys-url", "--json").json
    assert (back["keys"], back["keys_url"]) == (made["keys"], None)


def test_key_is_added_listed_rotated_and_removed(
    tollbridge: Command, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "private.pem"
    added = tollbridge("client", "key", "add", client["id"], "--out", str(out))
    key = added.out.splitlines()[-2].split()[0]
    assert added.out.endswith(f"its secret is in {out}\n")
    assert (out.stat().st_mode & 0o777, "PRIVATE" in added.out) == (0o600, False)
    private = load_pem_private_key(out.read_bytes(), None)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    rotated = tollbridge("client", "key", "rotate", client["id"], key, "--overlap", "1h", "--json").json
    assert rotated["secret"].startswith("-----BEGIN PRIVATE KEY-----")
    assert len(tollbridge("client", "key", "list", client["id"], "--json").json) == 2
    assert tollbridge("client", "key", "remove", client["id"], key, "--yes").out == f"removed {key}\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(public))
    brought = tollbridge("client", "key", "add", client["id"], "--public-key", "-")
    assert "shown this once" not in brought.out
    removed = tollbridge("client", "key", "remove", client["id"], rotated["id"], "-y", "--json").json
    assert removed["id"] == rotated["id"]
    assert len(tollbridge("client", "key", "list", client["id"]).out.splitlines()) == 3


def test_access_key_of_a_token_is_printed_once(tollbridge: Command, config: Path) -> None:
    token = tollbridge("token", "create", "--name", "t", "--scope", "ai:chat", "--json").json

    added = tollbridge(
        *("token", "key", "add", token["id"], "--kind", "aksk", "--algorithm", "hmac-sha512", "--expires", "12h")
    )

    assert added.code == 0
    assert "Its secret, shown this once:\ntb_" in added.out
    assert "hmac-sha512" in tollbridge("token", "key", "list", token["id"]).out
    assert tollbridge("client", "key", "list", token["id"]).code == 3


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("client", "key", "add", "client_1", "--out", "no/such/folder"), "must be a new file"),
        (("client", "key", "add", "client_1", "--expires", "soon"), "neither a span"),
        (("client", "key", "rotate", "client_1", "key_1", "--overlap", "soon"), "is no overlap"),
        (("client", "edit", "client_1", "--no", "name"), "cannot be taken away"),
        (("client", "edit", "client_1", "--keys", "nonsense"), "it is no JSON"),
        (("client", "create", "--name", "x", "--budget", "5/hour"), "a budget is"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(
    tollbridge: Command, config: Path, words: tuple[str, ...], problem: str
) -> None:
    ran = tollbridge(*words)

    assert ran.code == 2
    assert problem in ran.err


def test_client_and_its_key_are_made_at_a_gateway_elsewhere(tollbridge: Command, tmp_path: Path) -> None:
    with LiveGateway(tmp_path, mock_config("http://127.0.0.1:9")) as live:
        there = ("--url", live.url, "--token", live.token("--scope", "admin:*", "--scope", "ai:*")["token"])

        made = tollbridge(*MAKE, *there).json
        key = tollbridge("client", "key", "add", made["id"], "--kind", "hmac", "--json", *there).json

        found = tollbridge("client", "key", "list", made["id"], "--json", *there).json
        assert [one["id"] for one in found] == [key["id"]]
        assert key["secret"].startswith("tb_")


def test_file_that_is_there_is_not_written_over_and_no_key_is_made(tollbridge: Command, tmp_path: Path) -> None:
    id = tollbridge("client", "create", "--name", "shop", "--scope", "ai:chat", "--json").json["id"]
    out = tmp_path / "there"
    out.write_text("mine")

    ran = tollbridge("client", "key", "add", id, "--out", str(out))

    assert (ran.code, out.read_text()) == (2, "mine")
    assert tollbridge("client", "key", "list", id, "--json").json == []
