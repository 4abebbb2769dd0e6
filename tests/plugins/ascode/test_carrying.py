"""What an export carries of a service: what serves, whatever became of its draft since."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.ascode.conftest import Code

from tollbridge.cli.places import Where
from tollbridge.testing.blank import lay_database
from tollbridge_admin import way_to

LATER, EVEN_LATER = "2098-07-01T00:00:00Z", "2099-01-01T00:00:00Z"
SERVICE = """\
{{kind: Service, name: weather, spec: {{type: answering, {said}, design: {{
  name: Weather, visibility: public, approval: auto, definition: {{text: {text}}}}}}}}}
"""
CALLED = """\
---
{kind: Application, name: shop}
---
{kind: Subscription, name: shop to weather, spec: {application: shop, service: weather, approved: true}}
"""
Said = Callable[..., Path]


@pytest.fixture(autouse=True)
def _laid(tmp_path: Path) -> None:
    lay_database(tmp_path / ".tollbridge" / "tollbridge.db")


@pytest.fixture
def said(repository) -> Said:
    def said(spec: str, *, text: str = "rain", called: bool = False) -> Path:
        folder: Path = repository(all_yaml=SERVICE.format(said=spec, text=text) + (CALLED if called else ""))
        return folder

    return said


def asked(method: str, path: str, body: Any = None) -> Any:
    with way_to(Where()) as api:
        return api.ask(method, path, body)


def edited(text: str) -> None:
    """Go on with the draft, as people do after they published."""
    asked("PATCH", "/services/weather", {"draft": {"definition": {"text": text}}})


def exported(code: Code) -> tuple[dict[str, Any], list[str]]:
    """Give the spec of the service as it is exported, and the notes."""
    ran = code("export", "--json")
    assert ran.code == 0, ran.err
    (spec,) = [one["spec"] for one in json.loads(ran.out) if one["kind"] == "Service"]
    return spec, [line.removeprefix("note: ") for line in ran.err.splitlines()]


def way(spec: dict[str, Any]) -> tuple[str, str, bool]:
    """Give what is written of a service: its text, its version and whether that is published."""
    return spec["design"]["definition"]["text"], spec.get("version", ""), spec.get("publish", False)


def test_a_draft_that_went_on_leaves_what_serves_in_the_export_and_is_named(code: Code, said: Said) -> None:
    code("apply", "-f", said("version: '1', publish: true"))
    edited("sun")

    spec, notes = exported(code)

    assert way(spec) == ("rain", "1", True)
    assert notes == ["Service weather: its draft differs from its release 1 (number 1), and is left out"]


def test_another_gateway_serves_the_same_though_the_draft_went_on_and_its_callers_come_with_it(
    code: Code, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code("apply", "-f", said("version: '1', publish: true", called=True))
    edited("sun")
    first = code("export", "--json").out
    assert code("export", "-o", tmp_path / "out").code == 0
    monkeypatch.setenv("TOLLBRIDGE_DATA", str(tmp_path / "another"))
    (tmp_path / "another").mkdir()

    ran = code("import", tmp_path / "out")

    assert (ran.code, ran.err) == (0, "")
    assert asked("GET", "/services/weather/releases/1")["design"]["definition"] == {"text": "rain"}
    assert asked("GET", "/services/weather")["state"] == "published"
    assert [one["state"] for one in asked("GET", "/subscriptions")["items"]] == ["approved"]
    assert code("export", "--json").out == first
    assert (tmp_path / "out" / "notes.txt").read_text().startswith("Service weather: its draft differs")


def test_an_export_of_a_draft_that_went_on_changes_nothing_that_serves_where_it_is_from(
    code: Code, said: Said, tmp_path: Path
) -> None:
    code("apply", "-f", said("version: '1', publish: true"))
    edited("sun")
    code("export", "-o", tmp_path / "out")

    steps = json.loads(code("diff", "-f", tmp_path / "out", "--json").out)["steps"]

    assert [(one["action"], one["kind"]) for one in steps] == [("change", "Service")]


def test_what_serves_who_asks_for_no_version_is_exported_and_what_serves_beside_it_is_named(
    code: Code, said: Said
) -> None:
    code("apply", "-f", said("version: '1', publish: true"))
    code("apply", "-f", said("version: '2', publish: true, beside: true", text="sun"))

    spec, notes = exported(code)

    assert way(spec) == ("rain", "1", True)
    assert notes == [
        "Service weather: its draft differs from its release 1 (number 1), and is left out",
        "Service weather: its release 2 (number 2) is left out, which serves who asks for that version",
    ]


def test_a_release_that_is_to_come_is_named_beside_what_serves(code: Code, said: Said) -> None:
    code("apply", "-f", said("version: '1', publish: true"))
    code("apply", "-f", said(f"version: '2', publish: true, publish_at: {LATER!r}", text="sun"))

    spec, notes = exported(code)

    assert way(spec) == ("rain", "1", True)
    assert notes[1:] == [f"Service weather: its release 2 (number 2) is left out, which is to serve from {LATER} on"]


def test_the_release_that_will_serve_first_is_exported_where_none_does(code: Code, said: Said) -> None:
    code("apply", "-f", said(f"version: '1', publish: true, publish_at: {EVEN_LATER!r}"))
    code("apply", "-f", said(f"version: '2', publish: true, publish_at: {LATER!r}", text="sun"))
    asked("POST", "/services/weather/releases/1/schedule", {"at": EVEN_LATER})
    edited("snow")

    spec, notes = exported(code)

    assert (way(spec), spec["publish_at"]) == (("sun", "2", True), LATER)
    assert notes == [
        "Service weather: its draft differs from its release 2 (number 2), and is left out",
        f"Service weather: its release 1 (number 1) is left out, which is to serve from {EVEN_LATER} on",
    ]


def test_a_draft_that_went_on_from_what_never_served_is_exported_and_the_release_is_named(
    code: Code, said: Said
) -> None:
    code("apply", "-f", said("version: '1'"))
    edited("sun")

    spec, notes = exported(code)

    assert way(spec) == ("sun", "", False)
    left = "nothing serves, and its draft differs from its release 1 (number 1), which is left out"
    assert notes == [f"Service weather: {left}"]


def test_a_review_that_is_not_carried_is_named(code: Code, config: Path, said: Said) -> None:
    config.write_text(f'{config.read_text()}\n[services]\nreview = "required"\n')
    code("apply", "-f", said("version: '1', publish: true"))

    waiting = exported(code)
    asked("POST", "/services/weather/releases/1/approve")
    approved = exported(code)

    assert way(waiting[0]) == way(approved[0]) == ("rain", "1", False)
    named = "Service weather: its release 1 (number 1) "
    assert waiting[1] == [f"{named}waits for a review, and is written as one that nobody submitted"]
    assert approved[1] == [f"{named}is approved, and is written as one that nobody looked at"]
