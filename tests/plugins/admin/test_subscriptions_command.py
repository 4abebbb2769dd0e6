"""`tollbridge plan`, `subscription`, `attention` and `catalogue`: on this machine and elsewhere."""

import io
from pathlib import Path
from typing import Any

import pytest
from tests.middleware.cli.conftest import Ran, config, laid, tollbridge
from tests.plugins.admin.test_services_command import ROOT, Command, fields, site
from tests.support.live import LiveGateway, mock_config

__all__ = ["config", "laid", "site", "tollbridge"]

DRAFT = """\
name: Weather
description: What the sky does.
category: nature/sky
tags: [wet]
visibility: public
plans: [gold, free]
definition: {text: rain}
"""


def done(ran: Ran) -> Any:
    assert ran.code == 0, ran.err
    return ran.json


@pytest.fixture
def shop(tollbridge: Command, config: Path, site: Path) -> str:
    """Publish the service `weather` with two plans; gives the id of an application."""
    for plan in ("gold", "free"):
        done(tollbridge("plan", "create", plan, "--json"))
    file = config.parent / "weather.yaml"
    file.write_text(DRAFT)
    create = ("service", "create", "weather", "--kind", "answering", "--file", str(file), "--json")
    for command in (
        create,
        ("service", "release", "weather", "--version", "1", "--json"),
        ("service", "publish", "weather", "1", "--json"),
    ):
        done(tollbridge(*command))
    id: str = done(tollbridge("application", "create", "--name", "shop", "--json"))["id"]
    return id


def test_plan_is_made_shown_changed_and_ended(
    tollbridge: Command, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--title", "Gold", "--description", "All of it.", "--price", "0.002", "--budget", "25/day")
    made = fields(
        tollbridge("plan", "create", "gold", *words, "--quota", "1000", "--rpm", "6", "--model", "a/*", "--model", "b")
    )
    masked = ("--policy", 'masking={"level": "full"}', "--json")
    assert done(tollbridge("plan", "create", "safe", *masked))["policies"] == {"masking": {"level": "full"}}
    assert fields(tollbridge("plan", "show", "safe"))["policies"] == 'masking={"level": "full"}'
    plain = done(tollbridge("plan", "edit", "safe", "--policy", "masking", "--json"))
    assert plain["policies"] == {"masking": {}}
    assert done(tollbridge("plan", "edit", "safe", "--no", "policies", "--json"))["policies"] == {}
    for wrong in ("masking=", "masking=[]", "={}", "masking={"):
        assert tollbridge("plan", "edit", "safe", "--policy", wrong).code == 2
    listed = tollbridge("plan", "list")

    assert (made["title"], made["budget"], made["quota"]) == ("Gold", "25/day", "1000/month")
    assert (made["price"].split()[-1], made["requests"].split()[-1]) == ("0.002", "6")
    assert (made["models"], made["ended"]) == ("a/* b", "-")
    assert listed.out.splitlines()[2].split() == ["gold", "Gold", "0.002", "25/day", "1000/month", "open"]
    edit = ("plan", "edit", "gold", "--quota", "50/day", "--no", "budget", "--no", "models", "--json")
    changed = done(tollbridge(*edit))
    assert (changed["quota"], changed["budget"], changed["models"], changed["title"]) == (
        *({"calls": 50, "period": "day"}, None),
        *([], "Gold"),
    )
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert tollbridge("plan", "end", "gold").code == 130
    assert done(tollbridge("plan", "end", "gold", "--yes", "--json"))["ended_at"] is not None
    assert tollbridge("plan", "list").out.splitlines()[2].split()[-1] == "ended"
    assert done(tollbridge("plan", "reopen", "gold", "--json"))["ended_at"] is None
    assert fields(tollbridge("plan", "show", "gold"))["title"] == "Gold"
    assert tollbridge("plan", "show", "none").code == 3
    assert tollbridge("plan", "end", "none").code == 3
    assert tollbridge("plan", "create", "x", "--quota", "0/day").code == 2
    assert tollbridge("plan", "edit", "gold", "--no", "name").code == 2


def test_there_is_nothing_at_first(tollbridge: Command, config: Path) -> None:
    tollbridge("team", "create", "blue")  # which makes the database

    assert tollbridge("plan", "list").out == "There is no plan.\n"
    assert tollbridge("plan", "list", "--json").json == []
    assert tollbridge("subscription", "list").out == "There is no subscription.\n"
    assert tollbridge("attention").out == "Nothing waits for you.\n"
    assert tollbridge("catalogue", "list").out == "There are no services.\n"
    assert tollbridge("catalogue", "categories").out == "0 in all\n"


def test_subscription_goes_its_way(tollbridge: Command, shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = fields(tollbridge("subscription", "ask", shop, "weather", "--plan", "free", "--why", "to know"))
    id = asked["id"]
    assert (asked["state"], asked["plan"], asked["why"]) == ("asked", "free", "to know")
    assert tollbridge("subscription", "ask", shop, "weather", "--plan", "free").code == 1
    listed = tollbridge("subscription", "list", "--service", "weather", "--application", shop, "--state", "asked")
    assert listed.out.splitlines()[2].split()[:2] == [id, shop]
    assert tollbridge("subscription", "list", "--state", "ended", "--json").json == []
    assert tollbridge("subscription", "list", "--service", asked["service"], "--json").json[0]["id"] == id
    assert tollbridge("subscription", "list", "--service", "none").code == 3

    approve = ("subscription", "approve", id, "--plan", "gold", "--expires", "90d", "--why", "fine")
    approved = done(tollbridge(*approve, "--json"))
    assert (approved["state"], approved["plan"], approved["opinion"]) == ("approved", "gold", "fine")
    assert approved["expires_at"] > approved["decided_at"]
    again = done(tollbridge("subscription", "approve", id, "--why", "fine again", "--json"))
    assert (again["plan"], again["expires_at"]) == ("gold", approved["expires_at"])
    assert done(tollbridge("subscription", "approve", id, "--expires", "never", "--json"))["expires_at"] is None
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert tollbridge("subscription", "end", id).code == 130
    assert done(tollbridge("subscription", "end", id, "--yes", "--json"))["state"] == "ended"
    assert fields(tollbridge("subscription", "show", id))["state"] == "ended"
    for act in ("refuse", "cancel"):
        again = fields(tollbridge("subscription", "ask", shop, "weather", "--plan", "free"))["id"]
        yes = ("--yes",) if act == "cancel" else ()
        state = done(tollbridge("subscription", act, again, "--why", "no", *yes, "--json"))["state"]
        assert state in ("refused", "cancelled")
    late = tollbridge("subscription", "cancel", id, "--yes")
    assert (late.code, "cannot become cancelled" in late.err) == (1, True)
    assert tollbridge("subscription", "show", "sub_0").code == 3
    assert tollbridge("subscription", "approve", id, "--expires", "soon").code == 2


def test_what_waits_is_listed_until_it_is_decided_on(tollbridge: Command, shop: str) -> None:
    id = done(tollbridge("subscription", "ask", shop, "weather", "--plan", "free", "--json"))["id"]
    tollbridge("service", "release", "weather", "--version", "2")
    tollbridge("service", "submit", "weather", "2")

    told = tollbridge("attention").out
    short = tollbridge("attention", "--limit", "1").out

    assert "the application shop asks for weather" in told
    assert f"subscriptions/{id}" in told
    assert "release 2 of weather waits for a review" in told
    assert short.splitlines()[-1] == "1 more: subscription_asked 1, release_in_review 1"
    found = done(tollbridge("attention", "--kind", "release_in_review", "--json"))
    assert [one["href"] for one in found["items"]] == ["services/weather/releases/2"]
    done(tollbridge("subscription", "approve", id, "--json"))
    tollbridge("service", "approve", "weather", "2")
    assert tollbridge("attention").out == "Nothing waits for you.\n"
    assert tollbridge("attention", "--kind", "other").code == 1


def test_catalogue_is_listed_shown_and_counted(tollbridge: Command, shop: str) -> None:
    done(tollbridge("subscription", "ask", shop, "weather", "--plan", "free", "--json"))

    listed = tollbridge("catalogue", "list", "--category", "nature", "--tag", "wet", "--search", "sky").out
    shown = tollbridge("catalogue", "show", "weather").out

    assert listed.splitlines()[2].split() == ["weather", "Weather", "nature/sky", "-", "1", "0", "asked"]
    assert tollbridge("catalogue", "list", "--kind", "other", "--json").json == []
    assert tollbridge("catalogue", "list", "--team", "blue", "--limit", "500", "--json").json == []
    assert "service:weather:say" in shown
    assert [line.split()[0] for line in shown.splitlines()[-2:]] == ["gold", "free"]
    assert tollbridge("catalogue", "show", "weather", "--json").json["plans"][0]["name"] == "gold"
    assert tollbridge("catalogue", "openapi", "weather", "--version", "1").json["info"]["title"] == "Weather"
    assert tollbridge("catalogue", "categories").out == "nature (1)\n  sky (1)\n1 in all\n"
    assert tollbridge("catalogue", "categories", "--json").json["tags"] == {"wet": 1}
    assert tollbridge("catalogue", "show", "none").code == 3


def test_service_without_plans_is_shown_without_them(tollbridge: Command, shop: str, config: Path) -> None:
    file = config.parent / "plain.yaml"
    file.write_text("name: Plain\naccess: scope\ndefinition: {text: rain}\n")
    tollbridge("service", "create", "plain", "--kind", "answering", "--file", str(file))
    tollbridge("service", "release", "plain", "--version", "1")
    tollbridge("service", "publish", "plain", "1")

    shown = tollbridge("catalogue", "show", "plain").out
    assert [title for title in ("Plans", "Objectives", "Contacts") if title in shown] == []


def test_service_is_shown_with_what_it_promises_whom_to_ask_its_end_and_its_docs(
    tollbridge: Command, shop: str, config: Path
) -> None:
    file = config.parent / "told.yaml"
    file.write_text(
        "name: Told\naccess: scope\ndefinition: {text: rain}\ndocs: |\n  # Rain\n  A\tb. Ask\n"
        "contacts: [{name: Ann, email: ann@example.com}]\n"
        "slos: [{name: fast, objective: 99.5, latency_ms: 800}, {name: up, window_days: 7}]\n"
    )
    tollbridge("service", "create", "told", "--kind", "answering", "--file", str(file))
    tollbridge("service", "release", "told", "--version", "1")
    tollbridge("service", "publish", "told", "1")
    done(tollbridge("service", "deprecate", "told", "--json"))

    shown = tollbridge("catalogue", "show", "told").out

    lines = [line.split() for line in shown.splitlines()]
    assert ["fast", "99.5", "%", "800", "ms", "30", "days"] in lines
    assert ["up", "99", "%", "-", "7", "days"] in lines
    assert ["Ann", "ann@example.com", "-"] in lines
    assert shown.splitlines()[-2:] == ["# Rain", "A       b. Ask"]
    assert [line[-1] != "-" for line in lines if line[:1] == ["deprecated"]] == [True]


def test_all_of_it_works_elsewhere_too(tollbridge: Command, tmp_path: Path, site: Path) -> None:
    env = {"PYTHONPATH": f"{site}:{ROOT}"}
    with LiveGateway(tmp_path, mock_config("http://127.0.0.1:9"), env=env) as live:
        scopes = [word for scope in ("admin:*", "ai:*", "service:*", "model:*") for word in ("--scope", scope)]
        (tmp_path / "token").write_text(live.token(*scopes)["token"])
        there = ("--url", live.url, "--token", f"@{tmp_path / 'token'}", "--json")
        file = tmp_path / "weather.yaml"
        file.write_text("name: Weather\nplans: [gold]\ndefinition: {text: rain}\n")
        done(tollbridge("plan", "create", "gold", *there))
        done(tollbridge("service", "create", "weather", "-k", "answering", "-f", str(file), *there))
        done(tollbridge("service", "release", "weather", "--version", "1", *there))
        done(tollbridge("service", "publish", "weather", "1", *there))
        shop = done(tollbridge("application", "create", "--name", "shop", *there))["id"]

        asked = done(tollbridge("subscription", "ask", shop, "weather", "--plan", "gold", *there))
        waiting = done(tollbridge("attention", *there))
        approved = done(tollbridge("subscription", "approve", asked["id"], *there))
        (card,) = done(tollbridge("catalogue", "list", *there))

    assert [one["id"] for one in waiting["items"]] == [asked["id"]]
    assert (approved["state"], card["slug"], card["subscription"]) == ("approved", "weather", "approved")
