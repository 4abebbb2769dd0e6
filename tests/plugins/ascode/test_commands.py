"""Documents applied to a gateway, compared with it, and written from it."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.ascode.conftest import Code
from tests.support.live import LiveGateway, mock_config

from tollbridge_admin.operating import Operating
from tollbridge_ascode.unpacking import MOST_UNPACKED

WHOLE = """\
kind: Subscription
name: shop-weather
spec: {application: shop, team: blue, service: weather, plan: gold, why: to show it, approved: true}
---
kind: Service
name: weather
spec:
  type: answering
  team: blue
  version: "1.0"
  note: first
  publish: true
  design:
    name: Weather
    docs: {file: docs/weather.md}
    tags: [sky]
    visibility: public
    plans: [gold]
    price_per_call_usd: "0.0010"
    limits: {requests_per_minute: 60}
    budget: {usd: "5.00", period: day}
    contacts: [{name: Ada, email: ada@x.example}]
    slos: [{name: fast, objective: 99.5, latency_ms: 200}]
    definition: {text: rain}
---
kind: Application
name: shop
spec: {team: blue, owner: ada, scopes: [ai:chat], from: [10.0.0.7], tags: [b, a],
       metadata: {unit: x}, budget: {usd: "1.50", period: month}}
---
kind: Plan
name: gold
spec: {title: Gold, concurrency: 3, price_per_call_usd: "0.10", models: [small], quota: {calls: 1000}}
---
kind: Team
name: blue
spec: {title: Blue, description: They ask., rotate_days: 30, hours: mon-fri 08:00-18:00 UTC}
"""


@pytest.fixture
def whole(repository) -> Path:
    folder: Path = repository(all_yaml=WHOLE, docs__weather_md="# Rain\n\nIt falls.\n")
    return folder


def change(folder: Path, before: str, after: str) -> None:
    path = folder / "all.yaml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def actions(ran: Any) -> list[str]:
    assert ran.code in (0, 1), ran.err
    return [f"{step['action']} {step['kind']} {step['name']}" for step in json.loads(ran.out)["steps"]]


ALL = [
    *("make Team blue", "make Plan gold", "make Service weather", "release Service weather 1.0"),
    *("publish Service weather 1.0", "make Application shop", "make Subscription shop-weather"),
]


def test_everything_is_made_in_the_order_of_what_needs_what(code: Code, whole: Path) -> None:
    ran = code("apply", "-f", whole, "--json")

    assert actions(ran) == ALL


def test_a_second_apply_changes_nothing(code: Code, whole: Path) -> None:
    assert code("apply", "-f", whole).code == 0

    again = code("apply", "-f", whole)

    assert (again.code, again.out) == (0, "nothing differs: 5 as they are\n")
    assert code("diff", "-f", whole).code == 0


def test_diff_ends_with_1_where_something_differs_and_does_nothing(code: Code, whole: Path) -> None:
    code("apply", "-f", whole)
    change(whole, "title: Blue", "title: Bluer")

    ran = code("diff", "-f", whole)

    assert (ran.code, ran.out) == (1, "~ change Team blue\n    title: Blue -> Bluer\n")
    assert code("diff", "-f", whole).code == 1


def test_diff_ends_with_2_where_it_cannot_be_said(code: Code, whole: Path) -> None:
    change(whole, "kind: Team", "kind: Taem")

    ran = code("diff", "-f", whole)

    assert ran.code == 2
    assert "did you mean 'Team'?" in ran.err


def test_dry_run_does_nothing(code: Code, whole: Path) -> None:
    assert actions(code("apply", "-f", whole, "--dry-run", "--json")) == ALL
    assert actions(code("apply", "-f", whole, "--dry-run", "--json")) == ALL


def test_a_changed_design_is_a_release_under_the_version_of_the_document(code: Code, whole: Path) -> None:
    code("apply", "-f", whole)
    change(whole, "{text: rain}", "{text: sun}")
    change(whole, 'version: "1.0"', 'version: "1.1"')

    ran = code("apply", "-f", whole, "--json")

    assert actions(ran) == ["change Service weather", "release Service weather 1.1", "publish Service weather 1.1"]
    assert actions(code("diff", "-f", whole, "--json")) == []


def test_another_order_of_a_definition_is_a_change(code: Code, repository) -> None:
    design = "{name: W, definition: {text: rain, models: [small], status: 200}}"
    text = f"{{kind: Service, name: weather, spec: {{type: answering, version: '1', design: {design}}}}}"
    folder = repository(a_yaml=text)
    first = code("apply", "-f", folder)
    assert first.code == 0, first.err
    unchanged = actions(code("diff", "-f", folder, "--json"))
    turned = text.replace("text: rain, ", "").replace("status: 200", "status: 200, text: rain")
    repository(a_yaml=turned.replace("version: '1', ", ""))

    ran = code("apply", "-f", folder, "--json")

    assert (unchanged, actions(ran)) == ([], ["change Service weather"])
    assert actions(code("diff", "-f", folder, "--json")) == []
    assert "version" not in code("export", "--kind", "Service").out  # for the draft went on
    repository(a_yaml=turned)
    assert "of which design.definition is not as the document says" in code("apply", "-f", folder).err


def test_policies_in_another_order_are_a_change_of_plans_and_services(code: Code, repository) -> None:
    one, other = "{stamp: {word: a}, seal: {}}", "{seal: {}, stamp: {word: a}}"
    text = "{kind: Plan, name: gold, spec: {policies: POLICIES}}\n---\n" + (
        "{kind: Service, name: weather, spec: {type: answering, design: {policies: POLICIES}}}"
    )
    folder = repository(a_yaml=text.replace("POLICIES", one))
    assert code("apply", "-f", folder).code == 0
    unchanged = actions(code("diff", "-f", folder, "--json"))
    repository(a_yaml=text.replace("POLICIES", other))

    ran = code("apply", "-f", folder, "--json")

    assert (unchanged, actions(ran)) == ([], ["change Plan gold", "change Service weather"])
    assert actions(code("diff", "-f", folder, "--json")) == []
    repository(a_yaml=text.replace("POLICIES", "{}"))
    assert actions(code("apply", "-f", folder, "--json")) == ["change Plan gold", "change Service weather"]
    assert actions(code("diff", "-f", folder, "--json")) == []


def test_a_version_with_another_design_is_refused_before_anything_is_done(code: Code, whole: Path) -> None:
    code("apply", "-f", whole)
    change(whole, "{text: rain}", "{text: sun}")
    change(whole, "title: Blue", "title: Bluer")

    ran = code("apply", "-f", whole)

    assert ran.code == 2
    assert "weather has a release 1.0 (number 1, digest " in ran.err
    assert "design.definition is not as the document says; name another version" in ran.err
    change(whole, "{text: sun}", "{text: rain}")
    assert actions(code("diff", "-f", whole, "--json")) == ["change Team blue"]


def test_a_release_that_is_there_is_published_again(code: Code, whole: Path) -> None:
    code("apply", "-f", whole)
    change(whole, "{text: rain}", "{text: sun}")
    change(whole, 'version: "1.0"', 'version: "1.1"')
    code("apply", "-f", whole)
    change(whole, "{text: sun}", "{text: rain}")
    change(whole, 'version: "1.1"', 'version: "1.0"')

    ran = code("apply", "-f", whole, "--json")

    assert actions(ran) == ["change Service weather", "publish Service weather 1.0"]
    assert code("diff", "-f", whole).code == 0


def test_true_is_no_1_in_a_definition(code: Code, repository) -> None:
    text = "{kind: Service, name: weather, spec: {type: answering, design: {name: W, definition: {text: a, x: 1}}}}"
    folder = repository(a_yaml=text)
    code("apply", "-f", folder)
    repository(a_yaml=text.replace("x: 1", "x: true"))

    ran = code("apply", "-f", folder, "--json")

    assert actions(ran) == ["change Service weather"]
    assert actions(code("diff", "-f", folder, "--json")) == []


def test_all_is_done_where_nothing_is_to_do(code: Code, whole: Path) -> None:
    code("apply", "-f", whole)

    ran = code("apply", "-f", whole, "--json")

    assert json.loads(ran.out) == {"steps": [], "same": 5, "done": True}


def test_without_a_version_only_the_draft_is_written(code: Code, repository) -> None:
    folder = repository(a_yaml="{kind: Service, name: weather, spec: {type: answering, design: {name: W}}}")

    assert actions(code("apply", "-f", folder, "--json")) == ["make Service weather"]
    assert code("diff", "-f", folder).code == 0


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("title: Blue, ", "", "title"),
        ("rotate_days: 30", "rotate_days: 31", "rotate_days"),
        ("hours: mon-fri 08:00-18:00 UTC", "concurrency: 1", "concurrency"),
        ("concurrency: 3, ", "", "concurrency"),
        ('"0.10"', '"0.2"', "price_per_call_usd"),
        ("models: [small]", "models: []", "models"),
        ("quota: {calls: 1000}", "quota: {calls: 1000, period: day}", "quota.period"),
        (", quota: {calls: 1000}", "", "quota"),
        ("scopes: [ai:chat]", "scopes: []", "scopes"),
        ("from: [10.0.0.7]", "from: []", "from"),
        ("metadata: {unit: x}", "metadata: {other: y}", "metadata"),
        ('budget: {usd: "1.50", period: month}', 'budget: {usd: "1.50", period: day}', "budget"),
        ('budget: {usd: "1.50", period: month}', "owner_", ""),
    ],
)  # fmt: skip
def test_each_member_is_compared_and_brought_in_line(
    code: Code, whole: Path, before: str, after: str, path: str
) -> None:
    if after == "owner_":
        before, after, path = ', budget: {usd: "1.50", period: month}', "", "budget"
    code("apply", "-f", whole)
    change(whole, before, after)

    (step,) = json.loads(code("diff", "-f", whole, "--json").out)["steps"]

    assert step["action"] == "change"
    assert any(line.startswith(path) for line in step["differs"])
    assert code("apply", "-f", whole).code == 0
    assert code("diff", "-f", whole).code == 0


def test_what_is_in_no_document_is_left_alone_without_prune(code: Code, whole: Path, repository) -> None:
    code("apply", "-f", whole)
    (whole / "all.yaml").write_text("{kind: Team, name: red}")

    assert actions(code("apply", "-f", whole, "--json")) == ["make Team red"]


def test_prune_names_what_it_takes_and_asks(code: Code, whole: Path) -> None:
    code("apply", "-f", whole)
    (whole / "all.yaml").write_text("{kind: Team, name: red}\n---\n{kind: Application, name: bank}")

    ran = code("apply", "-f", whole, "--prune", answer="n\n")

    assert ran.code == 130
    assert "- end Application shop\n- end Team blue\n" in ran.out
    assert "- end Plan gold" not in ran.out  # no document is of a plan
    assert "+ make Team red\n" in ran.out
    assert actions(code("diff", "-f", whole, "--json"))[0] == "make Team red"  # nothing was changed


def test_prune_ends_what_is_in_no_document(code: Code, whole: Path) -> None:
    code("apply", "-f", whole)
    folder = whole / "all.yaml"
    spec = "{title: Blue, description: They ask., rotate_days: 30, hours: mon-fri 08:00-18:00 UTC}"
    kept = f"{{kind: Team, name: blue, spec: {spec}}}"
    other = "{kind: Service, name: other, spec: {type: answering}}"
    folder.write_text(
        f"{kept}\n---\n{other}\n---\n{{kind: Plan, name: silver}}\n---\n{{kind: Application, name: bank}}"
    )

    ran = code("apply", "-f", whole, "--prune", "--yes", "--json")

    assert ran.code == 0, ran.err
    assert actions(ran)[-3:] == ["end Application shop", "end Service weather", "end Plan gold"]
    assert code("diff", "-f", whole, "--prune").code == 0


def test_it_stops_at_the_first_failure_and_goes_on_when_it_is_run_again(code: Code, whole: Path) -> None:
    change(whole, "{text: rain}", "{text: ''}")  # a draft may be so, a release may not

    ran = code("apply", "-f", whole)

    assert ran.code == 1
    assert "release Service weather 1.0 failed: " in ran.err
    assert "3 of 7 steps are done and 4 are not" in ran.err
    change(whole, "{text: ''}", "{text: rain}")
    assert actions(code("apply", "-f", whole, "--json")) == ["change Service weather", *ALL[3:]]
    assert code("diff", "-f", whole).code == 0


def test_release_with_tests_is_proved_before_it_is_published_where_that_is_said(code: Code, whole: Path) -> None:
    change(whole, "{text: rain}", "{text: rain, tested: true}")

    early = code("apply", "-f", whole)
    planned = code("apply", "-f", whole, "--prove", "--dry-run")
    done = code("apply", "-f", whole, "--prove", "--json")

    assert early.code == 1
    assert "publish Service weather 1.0 failed: release 1 must pass its tests" in early.err
    assert "tollbridge service prove weather 1" in early.err
    assert "? prove Service weather 1.0" in planned.out.splitlines()
    assert actions(done) == ["prove Service weather 1.0", *ALL[4:]]
    assert code("diff", "-f", whole).code == 0


def test_release_that_does_not_pass_stops_it_and_is_tried_again(code: Code, whole: Path) -> None:
    change(whole, "{text: rain}", "{text: rain, tested: true, unproven: it is not rain}")

    ran = code("apply", "-f", whole, "--prove")

    assert ran.code == 1
    assert "prove Service weather 1.0 failed: it did not pass: tests/0: it is not rain" in ran.err
    again = code("apply", "-f", whole, "--prove")
    assert "prove Service weather 1.0 failed" in again.err


def test_release_that_passed_before_is_not_tried_again(code: Code, whole: Path) -> None:
    change(whole, "{text: rain}", "{text: rain, tested: true}")
    change(whole, "publish: true", "publish: false")
    code("apply", "-f", whole)
    change(whole, "publish: false", "publish: true")
    with Operating(None) as api:
        api.ask("POST", "/services/weather/releases/1/prove")

    assert code("apply", "-f", whole, "--prove").code == 0

    with Operating(None) as api:
        kept = api.ask("GET", "/services/weather/releases/1/evaluations")["items"]
    assert [one["number"] for one in kept] == [1]


def test_export_is_what_was_applied(code: Code, whole: Path, tmp_path: Path) -> None:
    code("apply", "-f", whole)

    ran = code("export", "-o", tmp_path / "out")

    assert ran.code == 0, ran.err
    assert code("diff", "-f", tmp_path / "out").code == 0
    names = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.yaml"))
    assert names == [
        *("applications/shop.yaml", "plans/gold.yaml", "services/weather.yaml", "subscriptions/shop-to-weather.yaml"),
        "teams/blue.yaml",
    ]


def test_an_export_makes_another_gateway_the_same(code: Code, whole: Path, tmp_path: Path, monkeypatch) -> None:
    code("apply", "-f", whole)
    first = code("export", "--json")
    code("export", "-o", tmp_path / "out")
    archive = shutil.make_archive(str(tmp_path / "out"), "zip", tmp_path / "out")
    monkeypatch.setenv("TOLLBRIDGE_DATA", str(tmp_path / "another"))
    (tmp_path / "another").mkdir()

    ran = code("import", archive)

    assert ran.code == 0, ran.err
    assert json.loads(code("export", "--json").out) == json.loads(first.out)


def test_parts_of_it_are_exported_as_one_text(code: Code, whole: Path) -> None:
    code("apply", "-f", whole)

    ran = code("export", "--kind", "Plan", "--kind", "Team", "--name", "gold")

    assert ran.out == (
        '---\nkind: Plan\nname: gold\nspec:\n  concurrency: 3\n  title: Gold\n  price_per_call_usd: "0.1"\n'
        "  models:\n  - small\n  quota:\n    calls: 1000\n"
    )
    assert code("export", "--kind", "Plans").code == 2


def test_long_texts_are_files_beside_their_document(code: Code, repository, tmp_path: Path) -> None:
    design = {"docs": "# Much\n" + "text\n" * 200, "definition": {"text": "env:NAME and stored:weather here"}}
    document = {"kind": "Service", "name": "weather", "spec": {"type": "answering", "design": design}}
    folder = repository(a_json=json.dumps(document))
    code("apply", "-f", folder)

    ran = code("export", "-o", tmp_path / "out")

    assert (tmp_path / "out/services/weather.md").read_text() == design["docs"]
    assert (tmp_path / "out/references.txt").read_text() == "env:NAME\nstored:weather\n"
    assert "needs stored:weather\n" in ran.out
    assert code("diff", "-f", tmp_path / "out").code == 0


def test_a_folder_that_holds_something_is_left_alone(code: Code, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")

    assert "is not empty" in code("export", "-o", tmp_path / "out").err


@pytest.mark.parametrize("name", ["../evil.yaml", "/tmp/evil.yaml", "a/../../evil.yaml", "a\\evil.yaml"])
def test_an_archive_writes_nothing_outside(code: Code, tmp_path: Path, name: str) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "{kind: Team, name: x}")

    assert "leads out of the archive" in code("import", path).err


def test_a_bomb_is_refused(code: Code, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.yaml", b"\n" * (MOST_UNPACKED + 1))

    assert f"over {MOST_UNPACKED:,} bytes" in code("import", path).err


def test_a_file_that_is_no_archive_is_refused(code: Code, config: Path) -> None:
    assert "no folder and no archive" in code("import", config).err


def test_what_names_no_team_is_of_that_of_the_token(repository, tmp_path: Path, code: Code) -> None:
    mine = "{kind: Application, name: shop}\n---\n{kind: Service, name: weather, spec: {type: rest, design: {name: W}}}"
    with LiveGateway(tmp_path, mock_config("http://127.0.0.1:9")) as gateway:
        scopes = ("admin:*", "ai:*", "model:*", "service:*")
        said = [word for scope in scopes for word in ("--scope", scope)]
        there = ("--url", gateway.url, "--token")
        whole, teams = gateway.token(*said)["token"], "{kind: Team, name: blue, spec: {scopes: ['*']}}"
        teams = teams.replace("'*'", ", ".join(f"'{scope}'" for scope in scopes))
        made = code("apply", "-f", repository(a_yaml=teams), *there, whole)
        own = gateway.token(*said, "--team", "blue")["token"]
        first, again = (code("apply", "-f", repository(a_yaml=mine), *there, own) for _ in range(2))
        twice = f"{mine}\n---\n{{kind: Application, name: shop, spec: {{team: blue}}}}"
        refused = code("diff", "-f", repository(a_yaml=twice), *there, own)

    assert [ran.code for ran in (made, first, again, refused)] == [0, 0, 0, 2]
    assert again.out == "nothing differs: 2 as they are\n"
    assert "Application shop of the team blue is in" in refused.err


def test_owner_of_a_token_is_not_that_of_what_it_makes(repository, tmp_path: Path, code: Code) -> None:
    folder = repository(a_yaml="{kind: Application, name: shop}\n---\n{kind: Application, name: b, spec: {owner: bob}}")
    with LiveGateway(tmp_path, mock_config("http://127.0.0.1:9")) as gateway:
        token = gateway.token("--scope", "admin:*", "--owner", "ada")["token"]
        first, again = (code("apply", "-f", folder, "--url", gateway.url, "--token", token) for _ in range(2))

    assert [ran.code for ran in (first, again)] == [0, 0]
    assert again.out == "nothing differs: 2 as they are\n"


def test_it_is_done_elsewhere_with_the_rights_of_a_token(repository, tmp_path: Path, code: Code) -> None:
    folder = repository(a_yaml="{kind: Team, name: blue}\n---\n{kind: Plan, name: gold, spec: {title: Gold}}")
    with LiveGateway(tmp_path, mock_config("http://127.0.0.1:9")) as gateway:
        scopes = ("admin:teams:read", "admin:plans:read", "admin:subscriptions:read", "admin:services:read")
        reader = gateway.token(*(word for scope in scopes for word in ("--scope", scope)))["token"]
        writer = gateway.token("--scope", "admin:*", "--scope", "ai:*", "--scope", "model:*", "--scope", "service:*")
        there = ("--url", gateway.url, "--token")

        differs = code("diff", "-f", folder, *there, reader)
        refused = code("apply", "-f", folder, *there, reader)
        done = code("apply", "-f", folder, *there, writer["token"])
        same = code("diff", "-f", folder, *there, reader)

    assert [ran.code for ran in (differs, refused, done, same)] == [1, 1, 0, 0]
    assert "make Team blue failed: " in refused.err
    assert "0 of 2 steps are done" in refused.err
