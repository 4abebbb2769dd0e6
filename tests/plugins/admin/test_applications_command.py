"""`tollbridge application`, on this machine and against a gateway elsewhere."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.middleware.cli.conftest import Ran, config, laid, tollbridge
from tests.support.live import LiveGateway, mock_config

__all__ = ["config", "laid", "tollbridge"]

Command = Callable[..., Ran]


@pytest.fixture
def shop(tollbridge: Command) -> str:
    """Make an application of the team blue and give its id."""
    for team in ("blue", "red"):
        assert tollbridge("team", "create", team).code == 0
    made = tollbridge("application", "create", "--name", "shop", "--team", "blue", "--scope", "ai:*", "--json").json
    found: str = made["id"]
    return found


def test_application_is_made_shown_changed_and_ended(tollbridge: Command, shop: str) -> None:
    made = tollbridge(
        *("application", "create", "--name", "bank", "--owner", "ada", "--description", "x", "--budget", "25/day"),
        *("--rpm", "0", "--from", "10.0.0.0/8", "--hours", "mon-fri 08:00-18:00 UTC", "--tag", "a", "--json"),
    ).json
    assert (made["name"], made["team"], made["owner"], made["scopes"]) == ("bank", "", "ada", [])
    assert (made["budget"], made["requests_per_minute"], made["tags"]) == ({"usd": "25", "period": "day"}, 0, ["a"])
    bank = made["id"]

    shown = tollbridge("application", "show", bank)
    assert all(part in shown.out for part in ("bank", "ada", "25/day", "10.0.0.0/8"))
    listed = tollbridge("application", "list", "--search", "SHO")
    assert shop in listed.out
    assert bank not in listed.out
    assert [one["id"] for one in tollbridge("application", "list", "--team", "blue", "--json").json] == [shop]
    edit = ("application", "edit", bank, "--name", "banks", "--scope", "ai:chat", "--no", "budget", "--no", "owner")
    edited = tollbridge(*edit, "--no", "tags", "--concurrency", "3", "--json").json
    assert (edited["name"], edited["scopes"], edited["budget"], edited["owner"]) == ("banks", ["ai:chat"], None, "")
    assert (edited["tags"], edited["concurrency"], edited["hours"]) == ([], 3, "mon-fri 08:00-18:00 UTC")
    assert tollbridge("application", "edit", bank, "--no", "scopes", "--json").json["scopes"] == []
    assert tollbridge("application", "disable", bank, "--json").json["state"] == "disabled"
    assert [one["id"] for one in tollbridge("application", "list", "--state", "disabled", "--json").json] == [bank]
    assert tollbridge("application", "enable", bank, "--json").json["state"] == "active"
    assert tollbridge("application", "end", bank, "--yes", "--json").json["state"] == "revoked"
    assert tollbridge("application", "show", "app_0").code == 3
    assert tollbridge("application", "edit", bank, "--no", "name").code == 2


def test_token_of_an_application_is_made_and_listed(tollbridge: Command, shop: str) -> None:
    assert "It has no token." in tollbridge("application", "tokens", shop).out

    printed = tollbridge("application", "add-token", shop, "--name", "first")
    made = tollbridge(
        *("application", "add-token", shop, "--name", "second", "--scope", "ai:chat", "--owner", "ada", "--tag", "a"),
        *("--expires", "90d", "--budget", "1", "--rotate-days", "0", "--json"),
    ).json

    assert "shown this once:\ntb_" in printed.out
    assert (made["parent"], made["team"], made["scopes"], made["owner"]) == (shop, "blue", ["ai:chat"], "ada")
    assert (made["budget"], made["rotate_days"], made["tags"]) == ({"usd": "1", "period": "month"}, 0, ["a"])
    assert made["token"].startswith("tb_")
    listed = tollbridge("application", "tokens", shop)
    assert all(part in listed.out for part in ("first", "second"))
    assert "tb_" not in listed.out
    found = tollbridge("application", "tokens", shop, "--search", "SEC", "--json").json
    assert [one["id"] for one in found] == [made["id"]]
    assert tollbridge("application", "add-token", "app_0", "--name", "x").code == 3
    tokens = tollbridge("token", "list", "--json").json
    assert shop not in [one["id"] for one in tokens]
    assert made["id"] in [one["id"] for one in tokens]


def test_application_is_given_to_another_team_by_who_means_it(
    tollbridge: Command, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    ran = tollbridge("application", "transfer", shop, "red")
    assert (ran.code, "nothing was changed" in ran.err) == (130, True)
    assert tollbridge("application", "show", shop, "--json").json["team"] == "blue"

    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    asked = tollbridge("application", "transfer", shop, "red")
    assert (asked.code, "to the team red?" in asked.out + asked.err) == (0, True)
    assert tollbridge("application", "show", shop, "--json").json["team"] == "red"
    assert tollbridge("application", "transfer", shop, "", "--yes", "--json").json["team"] == ""
    refused = tollbridge("application", "transfer", shop, "green", "--yes")
    assert (refused.code, "there is no team 'green'" in refused.err) == (1, True)
    assert tollbridge("application", "transfer", "app_0", "red").code == 3


def test_what_holds_what_an_application_may_do_is_not_edited_as_a_token(tollbridge: Command, shop: str) -> None:
    refused = tollbridge("token", "edit", shop, "--scope", "admin:*")

    assert refused.code == 1
    assert f"PATCH /applications/{shop}" in refused.err


def test_empty_list_says_so(tollbridge: Command, laid: Path) -> None:
    assert "There is no application." in tollbridge("application", "list").out


def test_applications_of_a_gateway_elsewhere_are_run_with_a_token(tollbridge: Command, tmp_path: Path) -> None:
    folder = tmp_path / "live"
    folder.mkdir()
    with LiveGateway(folder, mock_config("http://127.0.0.1:9")) as live:
        token = live.token("--scope", "admin:applications:write", "--scope", "ai:*")["token"]
        where = ("--url", live.url, "--token", token)

        made = tollbridge("application", "create", "--name", "shop", "--scope", "ai:chat", *where, "--json").json
        issued = tollbridge("application", "add-token", made["id"], "--name", "t", "--scope", "ai:*", *where, "--json")
        beyond = tollbridge("application", "add-token", made["id"], "--name", "t", *where)

        assert issued.json["parent"] == made["id"]
        assert (beyond.code, "model:*" in beyond.err) == (1, True)
        assert tollbridge("application", "end", made["id"], "--yes", *where, "--json").json["state"] == "revoked"
