"""What needs somebody's approval is asked for and waited for; what ends by itself does so when a document says."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.ascode.conftest import Code, Ran

from tollbridge.cli.places import Where
from tollbridge.testing.blank import lay_database
from tollbridge_admin import way_to

DOCUMENTS = """\
{{kind: Service, name: weather, spec: {{type: answering, version: "1", publish: true, design: {{
  name: Weather, visibility: public, approval: {approval}, plans: [gold, tin], definition: {{text: {text}}}}}}}}}
---
{{kind: Plan, name: gold, spec: {{title: Gold}}}}
---
{{kind: Plan, name: tin, spec: {{title: Tin}}}}
---
{{kind: Application, name: shop}}
---
kind: Subscription
name: shop-weather
spec: {{application: shop, service: weather, plan: {plan}, approved: true{more}}}
"""
Folder = Callable[..., Path]


@pytest.fixture(autouse=True)
def _laid(tmp_path: Path) -> None:
    lay_database(tmp_path / ".tollbridge" / "tollbridge.db")


@pytest.fixture
def written(repository) -> Folder:
    def written(approval: str = "manual", plan: str = "gold", more: str = "", text: str = "rain") -> Path:
        folder: Path = repository(
            all_yaml=DOCUMENTS.format(approval=approval, plan=plan, more=more and f", {more}", text=text)
        )
        return folder

    return written


@pytest.fixture
def reviewed(code: Code, config: Path) -> Code:
    """Give the commands on a gateway where each release needs an approval."""
    config.write_text(f'{config.read_text()}\n[services]\nreview = "required"\n')
    return code


def asked(method: str, path: str, body: Any = None) -> Any:
    with way_to(Where()) as api:
        return api.ask(method, path, body)


def submissions() -> list[Any]:
    with way_to(Where()) as api:
        return list(api.items("/audit", {"action": "service.submit"}))


def steps(ran: Ran) -> dict[str, str | None]:
    assert ran.code == 0, ran.err
    return {f"{one['action']} {one['kind']} {one['name']}": one["waiting_for"] for one in json.loads(ran.out)["steps"]}


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days)).strftime("%Y-%m-%dT00:00:00Z")


def test_what_needs_an_approval_is_submitted_and_waited_for(reviewed: Code, written: Folder) -> None:
    ran = reviewed("apply", "-f", written())

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(
        "publish Service weather 1: waiting for approval\n"
        "make Subscription shop-weather: waiting for the service weather\n"
        "done: 5, waiting: 2, as they were: 0\n"
    )
    assert asked("GET", "/services/weather/releases/1")["state"] == "review"


def test_while_it_waits_nothing_is_submitted_twice_and_diff_says_what_for(reviewed: Code, written: Folder) -> None:
    folder = written()
    reviewed("apply", "-f", folder)
    told = submissions()

    differs, again = reviewed("diff", "-f", folder), reviewed("apply", "-f", folder, "--json")

    assert (differs.code, differs.out) == (
        1,
        "> publish Service weather 1\n    waits for approval\n+ make Subscription shop-weather\n",
    )
    assert json.loads(again.out)["done"] is False
    assert steps(again) == {
        "publish Service weather 1": "approval",
        "make Subscription shop-weather": "the service weather",
    }
    assert len(told) == 1
    assert submissions() == told


def test_after_the_approval_apply_publishes_and_goes_on(reviewed: Code, written: Folder) -> None:
    folder = written()
    reviewed("apply", "-f", folder)
    asked("POST", "/services/weather/releases/1/approve")

    ran = reviewed("apply", "-f", folder, "--json")

    assert steps(ran) == {"publish Service weather 1": None, "make Subscription shop-weather": None}
    assert json.loads(ran.out)["done"] is True
    assert reviewed("diff", "-f", folder).code == 0


def test_a_release_that_was_refused_is_not_submitted_again(reviewed: Code, written: Folder) -> None:
    folder = written()
    reviewed("apply", "-f", folder)
    asked("POST", "/services/weather/releases/1/refuse", {"why": "It says nothing of hail."})

    ran = reviewed("apply", "-f", folder)

    assert ran.code == 2
    assert "release 1 (number 1) that was refused: It says nothing of hail.; name another version" in ran.err
    assert asked("GET", "/services/weather/releases/1")["state"] == "refused"


def test_what_cannot_be_published_for_another_reason_fails(code: Code, written: Folder) -> None:
    folder = written()
    code("apply", "-f", folder)
    asked("POST", "/services/weather/retire")
    text = (folder / "all.yaml").read_text()
    (folder / "all.yaml").write_text(text.replace('version: "1"', 'version: "2"'))

    ran = code("apply", "-f", folder)

    assert ran.code == 2
    assert "the service weather is retired; name another slug" in ran.err


def test_a_subscription_waits_for_a_service_that_its_document_does_not_publish(code: Code, written: Folder) -> None:
    folder = written()
    text = (folder / "all.yaml").read_text()
    (folder / "all.yaml").write_text(text.replace("publish: true", "publish: false"))

    ran = code("apply", "-f", folder)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(
        "make Subscription shop-weather: waiting for the service weather\ndone: 5, waiting: 1, as they were: 0\n"
    )
    assert asked("GET", "/subscriptions")["items"] == []


def test_a_subscription_waits_for_a_service_that_is_there_and_not_published(code: Code, written: Folder) -> None:
    folder = written()
    every = (folder / "all.yaml").read_text()
    (folder / "all.yaml").write_text(every.replace("publish: true", "publish: false"))
    code("apply", "-f", folder)
    (folder / "all.yaml").write_text(every.rpartition("---")[2])

    waits = steps(code("apply", "-f", folder, "--json"))
    asked("POST", "/services/weather/releases/1/publish")

    assert waits == {"make Subscription shop-weather": "the service weather"}
    assert steps(code("apply", "-f", folder, "--json")) == {"make Subscription shop-weather": None}


def test_a_subscription_is_asked_for_where_another_release_serves(code: Code, written: Folder) -> None:
    folder = written()
    every = (folder / "all.yaml").read_text()
    (folder / "all.yaml").write_text(every.rpartition("---")[0])
    code("apply", "-f", folder)
    (folder / "all.yaml").write_text(every.replace("publish: true", "publish: false"))

    assert steps(code("apply", "-f", folder, "--json")) == {"make Subscription shop-weather": None}


@pytest.mark.parametrize("approval", ["manual", "auto"])
def test_a_subscription_ends_when_the_document_says(code: Code, written: Folder, approval: str) -> None:
    end = in_days(30)
    folder = written(approval, more=f'expires_at: "{end}"')

    assert code("apply", "-f", folder).code == 0

    (one,) = asked("GET", "/subscriptions")["items"]
    assert (one["state"], one["expires_at"]) == ("approved", end)
    assert code("diff", "-f", folder).code == 0


@pytest.mark.parametrize("spelt", ["+02:00", "+00:00", ".000000Z"])
def test_one_moment_may_be_spelt_in_many_ways(code: Code, written: Folder, spelt: str) -> None:
    end = datetime.fromisoformat(in_days(30))
    code("apply", "-f", written(more=f'expires_at: "{in_days(30)}"'))
    there = end + timedelta(hours=2 if spelt == "+02:00" else 0)

    ran = code("diff", "-f", written(more=f'expires_at: "{there:%Y-%m-%dT%H:%M:%S}{spelt}"'))

    assert (ran.code, ran.out) == (0, "nothing differs: 5 as they are\n")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("", f'expires_at: "{in_days(30)}"', f"expires_at: nothing -> {in_days(30)}"),
        (f'expires_at: "{in_days(30)}"', "", f"expires_at: {in_days(30)} -> nothing"),
        (f'expires_at: "{in_days(30)}"', f'expires_at: "{in_days(9)}"', f"expires_at: {in_days(30)} -> {in_days(9)}"),
    ],
)
def test_another_end_is_named_and_given(code: Code, written: Folder, before: str, after: str, told: str) -> None:
    code("apply", "-f", written(more=before))

    differs = code("diff", "-f", written(more=after))

    assert differs.out == f"+ approve Subscription shop-weather\n    {told}\n"
    assert code("apply", "-f", written(more=after)).code == 0
    assert code("diff", "-f", written(more=after)).code == 0


def test_another_plan_takes_no_end_away(code: Code, written: Folder) -> None:
    end = in_days(30)
    code("apply", "-f", written(more=f'expires_at: "{end}"'))

    ran = code("apply", "-f", written(plan="tin", more=f'expires_at: "{end}"'))

    assert "+ approve Subscription shop-weather\n    plan: gold -> tin\n" in ran.out
    (one,) = asked("GET", "/subscriptions")["items"]
    assert (one["plan"], one["expires_at"]) == ("tin", end)


def test_an_end_is_exported_and_comes_to_another_gateway(code: Code, written: Folder, tmp_path, monkeypatch) -> None:
    code("apply", "-f", written(more=f'expires_at: "{in_days(30)}"'))
    code("export", "-o", tmp_path / "out")
    first = code("export", "--json").out
    monkeypatch.setenv("TOLLBRIDGE_DATA", str(tmp_path / "another"))
    (tmp_path / "another").mkdir()

    assert code("apply", "-f", tmp_path / "out").code == 0

    assert in_days(30) in first
    assert code("export", "--json").out == first


def test_what_is_over_is_not_asked_for_again(code: Code, written: Folder) -> None:
    folder = written(more='expires_at: "2020-01-01T00:00:00Z"')

    ran = code("apply", "-f", folder)

    assert (ran.code, ran.out.splitlines()[-1]) == (0, "done: 6, as they were: 1")
    assert asked("GET", "/subscriptions")["items"] == []


@pytest.mark.parametrize("approved", ["true", "false"])
def test_what_was_refused_is_asked_for_again_with_another_reason_alone(
    code: Code, written: Folder, approved: str
) -> None:
    folder = written()
    text = (folder / "all.yaml").read_text().replace("approved: true", f"approved: {approved}, why: ' For tea. '")
    (folder / "all.yaml").write_text(text.replace("approved: true", "approved: false"))
    code("apply", "-f", folder)
    (one,) = asked("GET", "/subscriptions")["items"]
    asked("POST", f"/subscriptions/{one['id']}/refuse", {"opinion": "Not for tea."})
    (folder / "all.yaml").write_text(text)

    ran = code("apply", "-f", folder)
    (folder / "all.yaml").write_text(text.replace("tea", "coffee"))

    assert ran.code == 2
    assert "shop asked for weather, which was refused: Not for tea.; say another why, or take the" in ran.err
    assert list(steps(code("apply", "-f", folder, "--json"))) == ["make Subscription shop-weather"]


def test_an_end_in_the_past_is_not_given_to_one_that_is_open(code: Code, written: Folder) -> None:
    code("apply", "-f", written())

    ran = code("diff", "-f", written(more='expires_at: "2020-01-01T00:00:00Z"'))

    assert ran.code == 2
    assert "the end that the document says lies in the past" in ran.err


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ('approved: false, expires_at: "2099-01-01T00:00:00Z"', "set approved beside expires_at"),
        ('expires_at: "2099-01-01T00:00:00"', "spec.expires_at: Expected `datetime` with a timezone"),
        ("expires_at: soon", "spec.expires_at: Invalid RFC3339 encoded datetime"),
    ],
)
def test_an_end_that_says_nothing_is_refused(code: Code, repository, more: str, sentence: str) -> None:
    said = more if "approved" in more else f"approved: true, {more}"
    text = f"{{kind: Subscription, name: x, spec: {{application: shop, service: weather, {said}}}}}"

    ran = code("diff", "-f", repository(all_yaml=text))

    assert ran.code == 2
    assert sentence in ran.err
