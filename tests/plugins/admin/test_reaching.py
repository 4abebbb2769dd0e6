"""The way from a command to the API: on this machine, and to a gateway elsewhere."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.middleware.cli.conftest import Ran, config, laid, tollbridge
from tests.support.live import LiveGateway, mock_config

from tollbridge.cli.app import run
from tollbridge.cli.asking import Asking, Refused
from tollbridge.cli.remote import Remote
from tollbridge_admin.commands.me import _wrapped
from tollbridge_admin.commands.reaching import Reaching, named, when_said
from tollbridge_admin.operating import Operating

__all__ = ["config", "laid", "tollbridge"]

Command = Callable[..., Ran]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("live"), mock_config("http://127.0.0.1:9")) as gateway:
        yield gateway


@pytest.fixture(params=["here", "there"])
def api(request: pytest.FixtureRequest, live: LiveGateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asking]:
    """Give the API of one gateway, asked in this process and over HTTP."""
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    token = live.token("--scope", "admin:*", "--scope", "ai:*")["token"]
    way = Reaching(live.config) if request.param == "here" else Reaching(url=live.url, token=token)
    with way as asking:
        yield asking


def test_same_paths_give_the_same_json(api: Asking, live: LiveGateway) -> None:
    made = live.token("--scope", "ai:chat", "--team", "blue")

    found = api.ask("GET", f"/tokens/{named(made['id'])}")

    assert found == {name: value for name, value in made.items() if name != "token"}


def test_what_is_written_is_done_and_recorded(api: Asking) -> None:
    made = api.ask("POST", "/tokens", {"name": "made", "scopes": ["ai:chat"]})
    changed = api.ask("PATCH", f"/tokens/{made['id']}", {"name": "renamed"})
    ended = api.ask("POST", f"/tokens/{made['id']}/revoke")

    assert (changed["name"], ended["state"]) == ("renamed", "revoked")
    records = list(api.items("/audit", {"target": made["id"]}))
    assert [record["action"] for record in records] == ["token.revoke", "token.change", "token.issue"]


def test_operator_is_recorded_as_the_user_of_the_machine_and_stands_above_nothing(live: LiveGateway) -> None:
    with Reaching(live.config) as api:
        made = api.ask("POST", "/tokens", {"name": "made", "scopes": ["model:*"]})
        (record,) = api.items("/audit", {"target": made["id"]}, most=1)

    assert made["parent"] is None
    assert record["actor"]["via"] == "cli"
    assert record["actor"]["id"].startswith("operator")


def test_what_a_token_makes_elsewhere_stands_below_it(live: LiveGateway) -> None:
    mine = live.token("--scope", "admin:*", "--scope", "ai:*")

    with Reaching(url=live.url, token=mine["token"]) as api:
        made = api.ask("POST", "/tokens", {"name": "made", "scopes": ["ai:chat"]})
        with pytest.raises(Refused, match="'model:\\*'") as refusal:
            api.ask("POST", "/tokens", {"name": "made", "scopes": ["model:*"]})

    assert made["parent"] == mine["id"]
    assert (refusal.value.status, refusal.value.code, refusal.value.exit_code) == (403, "scope_beyond", 1)


def test_refusal_is_the_apis_own_sentence(api: Asking) -> None:
    with pytest.raises(Refused, match=r"^there is no such token$") as unknown:
        api.ask("GET", "/tokens/tok_none")
    with pytest.raises(Refused, match=r"^rotate_days: ") as wrong:
        api.ask("POST", "/tokens", {"name": "x", "scopes": ["ai:chat"], "rotate_days": -1})

    assert (unknown.value.status, unknown.value.exit_code) == (404, 3)
    assert (wrong.value.status, wrong.value.code, wrong.value.exit_code) == (422, "invalid_fields", 1)


def test_first_answer_is_given_again_for_the_same_key(api: Asking) -> None:
    wish, key = {"name": "once", "scopes": ["ai:chat"]}, {"Idempotency-Key": '"a-key"'}

    first = api.send("POST", "/tokens", wish, headers=key)
    again = api.send("POST", "/tokens", wish, headers=key)

    assert again.value == first.value
    assert again.headers["idempotency-replayed"] == "true"
    assert first.headers["location"] == f"tokens/{first.value['id']}"


def test_lists_are_followed_to_their_end_or_as_far_as_is_asked(api: Asking) -> None:
    for number in range(5):
        api.ask("POST", "/tokens", {"name": f"listed-{number}", "scopes": ["ai:chat"], "team": "pages"})

    pages = list(api.pages("/tokens", {"team": "pages", "limit": 2}))
    some = list(api.items("/tokens", {"team": "pages", "q": None, "limit": 2}, most=3))

    assert [len(page["items"]) for page in pages[:2]] == [2, 2]
    assert [one["name"] for one in some] == ["listed-4", "listed-3", "listed-2"]


def test_nothing_is_served_or_started_for_a_command(config: Path, laid: Path) -> None:
    config.write_text(config.read_text() + '[server]\nport = 1\n[plugins]\ndisabled = ["jwt"]\n')

    with Operating(config) as api:
        assert api.ask("GET", "/tokens") == {"items": [], "next": None}


def test_keys_of_providers_may_be_missing(config: Path, monkeypatch: pytest.MonkeyPatch, laid: Path) -> None:
    monkeypatch.delenv("MOCK_KEY")

    with Reaching(config) as api:
        assert api.ask("GET", "/me")["id"].startswith("operator")


def test_older_database_is_left_as_it_is(tollbridge: Command, tmp_path: Path, laid: Path) -> None:
    import sqlite3

    assert tollbridge("me").code == 0
    with sqlite3.connect(tmp_path / ".tollbridge" / "tollbridge.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '0001'")

    ran = tollbridge("me")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("tollbridge: the database has schema 0001")
    assert ran.err.endswith("run: tollbridge db upgrade\n")


def test_configuration_that_cannot_be_used_is_said(tollbridge: Command, config: Path) -> None:
    config.write_text('[store]\nurl = "nobody://x"\n')

    assert tollbridge("me").err == "tollbridge: store.url: nothing installed opens nobody://\n"


def test_two_places_are_wrong_usage(tollbridge: Command, config: Path) -> None:
    ran = tollbridge("me", "--config", str(config), "--url", "https://gw.example.com")

    assert (ran.code, ran.out) == (2, "")
    assert "name one" in ran.err


def test_times_are_shown_in_utc() -> None:
    assert when_said("2026-11-27T09:05:30.5+01:00") == "2026-11-27 08:05 UTC"
    assert when_said(None) == "-"


def test_id_of_somebody_elses_making_stays_one_part_of_the_path() -> None:
    assert named("a/../b?c#d") == "a%2F..%2Fb%3Fc%23d"


def test_me_is_shown_for_people_and_programs(live: LiveGateway, capsys: pytest.CaptureFixture[str]) -> None:
    mine = live.token("--scope", "admin:tokens:read", "--owner", "ada")
    where = ("--url", live.url, "--token", mine["token"])

    with ThreadPoolExecutor(1) as thread:
        codes = [thread.submit(run, ["me", *where, *more]).result() for more in ((), ("--json",))]
    table, _, document = capsys.readouterr().out.partition("{")

    assert codes == [0, 0]
    assert "\nowner        ada\nteam         -\n" in table
    assert table[table.index("\nmay ") :].split() == ["may", *json.loads("{" + document)["operations"]]
    assert max(map(len, table.splitlines())) <= 120
    assert json.loads("{" + document)["id"] == mine["id"]


def test_me_is_the_operator_on_this_machine(tollbridge: Command, laid: Path) -> None:
    ran = tollbridge("me")

    assert ran.code == 0
    assert "admin:* ai:* model:* service:*" in ran.out


def test_remote_is_what_a_url_leads_to(live: LiveGateway) -> None:
    with Reaching(url=live.url, token="x") as way:
        assert isinstance(way, Remote)


def test_list_without_words_is_shown_as_none() -> None:
    assert list(_wrapped("may", [])) == [("may", "-")]
    assert list(_wrapped("may", ["x" * 60, "y" * 60])) == [("may", "x" * 60), ("", "y" * 60)]
