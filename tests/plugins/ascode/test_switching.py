"""Teams and applications that are disabled, and plans that have ended, as documents say and export it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.ascode.conftest import Code, Ran

from tollbridge.cli.asking import Asking
from tollbridge.cli.places import Where
from tollbridge.testing.blank import lay_database
from tollbridge_admin import way_to

DOCUMENTS = """\
{{kind: Team, name: blue, spec: {{title: {title}, disabled: {team}}}}}
---
{{kind: Plan, name: gold, spec: {{title: Gold, ended: {plan}}}}}
---
{{kind: Service, name: weather, spec: {{type: answering, version: "1", publish: true, design: {{
  name: Weather, visibility: public, plans: [gold], definition: {{text: rain}}}}}}}}
---
{{kind: Application, name: shop, spec: {{team: blue, description: {title}, disabled: {shop}}}}}
---
kind: Subscription
name: shop to weather
spec: {{application: shop, team: blue, service: weather, plan: gold, approved: true}}
"""
ANOTHER = """\
---
{kind: Application, name: bank, spec: {team: blue, disabled: true}}
---
{kind: Subscription, name: b, spec: {application: bank, team: blue, service: weather, plan: gold, approved: true}}
"""
Written = Callable[..., Path]
ON = {"team": "false", "plan": "false", "shop": "false", "title": "Blue"}


@pytest.fixture(autouse=True)
def _laid(tmp_path: Path) -> None:
    lay_database(tmp_path / ".tollbridge" / "tollbridge.db")


@pytest.fixture
def written(repository) -> Written:
    """Give `written(*off, title="Blue", more="")`, which writes the documents with those things off."""

    def written(*off: str, title: str = "Blue", more: str = "") -> Path:
        said = {**ON, "title": title, **dict.fromkeys(off, "true")}
        folder: Path = repository(all_yaml=DOCUMENTS.format(**said) + more)
        return folder

    return written


def asked(method: str, path: str, body: Any = None) -> Any:
    with way_to(Where()) as api:
        return api.ask(method, path, body)


def application(api: Asking) -> Any:
    return next(one for one in api.items("/applications") if one["name"] == "shop")


def off() -> list[str]:
    """Name what is off: the team and the application, and the plan that has ended."""
    with way_to(Where()) as api:
        there = {"team": api.ask("GET", "/teams/blue"), "shop": application(api), "plan": api.ask("GET", "/plans/gold")}
    return [name for name, one in there.items() if one.get("disabled_at") or one["ended_at"]]


def steps(ran: Ran) -> list[tuple[str, list[str]]]:
    assert ran.code in (0, 1), ran.err
    return [(f"{one['action']} {one['kind']}", one["differs"]) for one in json.loads(ran.out)["steps"]]


def applied(code: Code, folder: Path) -> list[tuple[str, list[str]]]:
    """Apply a folder, and see that nothing differs then."""
    ran = code("apply", "-f", folder, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["done"] is True
    again = code("diff", "-f", folder, "--json")
    assert (again.code, steps(again)) == (0, [])
    return steps(ran)


def test_what_is_off_is_made_and_switched_off_once_all_that_needs_it_is_there(code: Code, written: Written) -> None:
    done = applied(code, written("team", "plan", "shop"))

    assert [step for step, _ in done[-4:]] == [
        *("make Subscription", "change Plan", "change Application", "change Team")
    ]
    assert [differs for _, differs in done[-3:]] == [["ended: no -> yes"], *[["disabled: no -> yes"]] * 2]
    assert off() == ["team", "shop", "plan"]


@pytest.mark.parametrize("names", [("team",), ("shop",), ("plan",), ("team", "shop", "plan")])
def test_what_is_off_is_so_at_another_gateway_by_an_export(
    code: Code, written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    code("apply", "-f", written(*names))
    first = code("export", "--json").out
    code("export", "-o", tmp_path / "out")
    monkeypatch.setenv("TOLLBRIDGE_DATA", str(tmp_path / "another"))
    (tmp_path / "another").mkdir()

    assert code("import", tmp_path / "out").code == 0

    assert code("export", "--json").out == first
    with_its_team = ("shop",) if "team" in names else ()
    assert set(off()) == {*names, *with_its_team}
    (approved,) = asked("GET", "/subscriptions")["items"]
    assert (approved["state"], approved["plan"]) == ("approved", "gold")
    said = {one["kind"]: one["spec"] for one in json.loads(first)}
    assert said["Application"].get("disabled", False) is ("shop" in names)  # off with its team is not by itself


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((), ("shop",)),
        ((), ("team", "shop")),
        ((), ("plan",)),
        (("shop",), ()),
        (("team",), ()),
        (("team", "shop"), ("team",)),
        (("team", "shop"), ()),
        (("team",), ("team", "shop")),
        (("team",), ("shop",)),
    ],
)
def test_documents_switch_what_is_there_on_and_off_and_change_it_too(
    code: Code, written: Written, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    applied(code, written(*before))

    applied(code, written(*after, title="Bluer"))

    with_its_team = ("shop",) if "team" in after else ()
    assert set(off()) == {*after, *with_its_team}
    assert asked("GET", "/teams/blue")["title"] == "Bluer"


def test_what_is_switched_off_is_so_before_anything_else_is_done(code: Code, written: Written) -> None:
    applied(code, written())

    done = applied(code, written("team", "shop", more="---\n{kind: Team, name: red}\n"))

    assert [step for step, _ in done] == ["change Application", "change Team", "make Team"]


def test_what_cannot_be_done_while_a_team_is_off_waits_for_it(code: Code, written: Written) -> None:
    applied(code, written("team"))

    ran = code("apply", "-f", written("team", more=ANOTHER))

    assert ran.code == 0, ran.err
    waits = ": waiting for the team blue, which is disabled"
    assert f"make Application bank{waits}\n" in ran.out
    assert f"make Subscription b{waits}\n" in ran.out
    assert "change Application bank: waiting for the application bank\n" in ran.out
    done = applied(code, written(more=ANOTHER))
    assert [step for step, _ in done] == [
        *("change Team", "make Application", "make Subscription", "change Application")
    ]


def test_what_a_disabled_application_is_to_call_waits_for_it_alone(code: Code, written: Written) -> None:
    applied(code, written("shop"))
    (subscription,) = asked("GET", "/subscriptions")["items"]
    asked("POST", f"/subscriptions/{subscription['id']}/end")
    other = ANOTHER.replace(", disabled: true", "")

    ran = code("apply", "-f", written("shop", more=other))

    assert "make Subscription shop to weather: waiting for the application shop, which is disabled\n" in ran.out
    assert "done: 2, waiting: 1" in ran.out  # the other application is let in


def test_an_application_of_a_team_that_is_not_there_is_a_failure_and_waits_for_nothing(code: Code, repository) -> None:
    folder = repository(a_yaml="{kind: Application, name: shop, spec: {team: green}}")

    ran = code("apply", "-f", folder)

    assert ran.code == 1
    assert "there is no team 'green'" in ran.err


def test_a_plan_that_has_ended_is_named_anew_unless_the_document_says_so(code: Code, written: Written) -> None:
    applied(code, written("plan"))

    ran = code("diff", "-f", written())

    assert ran.code == 2
    assert "the plan gold has ended; name another" in ran.err


def test_a_plan_that_has_ended_and_that_nothing_names_is_in_no_export(code: Code, repository) -> None:
    code("apply", "-f", repository(a_yaml="{kind: Plan, name: old, spec: {title: Old, ended: true}}"))

    assert json.loads(code("export", "--json").out) == []
