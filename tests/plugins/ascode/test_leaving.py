"""What an export leaves out is said, by name where a name is nobody's."""

from pathlib import Path
from typing import Any

import pytest
from tests.plugins.ascode.conftest import Code
from tests.support.live import LiveGateway, mock_config

from tollbridge.cli.places import Where
from tollbridge.testing.blank import lay_database
from tollbridge_admin import way_to
from tollbridge_ascode.leaving import MOST_NAMED


@pytest.fixture(autouse=True)
def _laid(tmp_path: Path) -> None:
    lay_database(tmp_path / ".tollbridge" / "tollbridge.db")


def asked(method: str, path: str, body: Any = None) -> Any:
    with way_to(Where()) as api:
        return api.ask(method, path, body)


def test_each_sort_that_is_no_document_is_named_and_people_are_counted(code: Code, tmp_path: Path) -> None:
    for name in ("clerk", "auditor"):
        asked("POST", "/roles", {"name": name, "scopes": ["admin:teams:read"]})
    asked("POST", "/webhooks", {"name": "pager", "url": "https://x.example/hook", "events": ["token.*"]})
    asked("POST", "/clients", {"name": "robot", "scopes": ["ai:chat"]})
    gone = asked("POST", "/clients", {"name": "gone", "scopes": ["ai:chat"]})
    asked("POST", f"/clients/{gone['id']}/revoke")
    asked("POST", "/people", {"name": "Ada", "email": "ada@x.example"})

    ran = code("export", "-o", tmp_path / "out")

    left = [
        "2 own roles are no part of an export: auditor, clerk",
        "1 webhook is no part of an export: pager",
        "1 client is no part of an export: robot",
        "1 person is no part of an export",
    ]
    assert ran.err.splitlines() == [f"note: {one}" for one in left]
    assert (tmp_path / "out" / "notes.txt").read_text().splitlines() == left
    assert code("export").err == ran.err
    assert code("export", "--kind", "Team").err == ""
    assert code("export", "--name", "blue").err == ""


def test_only_so_many_are_named(code: Code) -> None:
    for number in range(MOST_NAMED + 3):
        asked("POST", "/roles", {"name": f"role-{number:02}", "scopes": ["admin:teams:read"]})

    ran = code("export")

    assert ran.err.startswith(f"note: {MOST_NAMED + 3} own roles are no part of an export: role-00, role-01, ")
    assert ran.err.endswith(f"role-{MOST_NAMED - 1} and 3 more\n")


def test_services_that_are_retired_are_named(code: Code, repository) -> None:
    spec = "{type: answering, version: '1', publish: true, design: {name: W, definition: {text: rain}}}"
    code("apply", "-f", repository(a_yaml=f"{{kind: Service, name: weather, spec: {spec}}}"))
    asked("POST", "/services/weather/retire")

    ran = code("export")

    assert (ran.out, ran.err) == ("", "note: 1 retired service is no part of an export: weather\n")


def test_what_a_token_may_not_see_is_no_failure_and_is_said(code: Code, tmp_path: Path) -> None:
    with LiveGateway(tmp_path, mock_config("http://127.0.0.1:9")) as gateway:
        kinds = ("teams", "plans", "services", "applications", "subscriptions", "roles", "people")
        scopes = [word for kind in kinds for word in ("--scope", f"admin:{kind}:read")]
        token = gateway.token(*scopes)["token"]

        ran = code("export", "--url", gateway.url, "--token", token)

    assert ran.code == 0
    unseen = "are no part of an export, and this token does not see whether there are any"
    assert [line for line in ran.err.splitlines() if unseen in line] == [
        *(f"note: webhooks {unseen}", f"note: clients {unseen}")
    ]
