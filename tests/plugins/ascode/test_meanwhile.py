"""What somebody else does between the look at a gateway and the change of it is not overruled."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tollbridge.cli.asking import Asking, Refused, Reply
from tollbridge.cli.places import Where
from tollbridge.errors import SetupError
from tollbridge.testing.blank import lay_database
from tollbridge_ascode.doing import do
from tollbridge_ascode.files import read_paths
from tollbridge_ascode.planning import Planned, planned
from tollbridge_ascode.reaching import reached

pytestmark = pytest.mark.usefixtures("config", "site")
SERVICE = """\
{{kind: Service, name: weather, spec: {{type: answering, version: '{version}', publish: true{more}, design: {{
  name: Weather, visibility: public, approval: manual, definition: {{text: {text}}}}}}}}}
"""
CHANGED = "it was changed since"
Planning = Callable[..., Planned]


@pytest.fixture
def api(tmp_path: Path, config: Path, site: Path) -> Iterator[Asking]:
    lay_database(tmp_path / ".tollbridge" / "tollbridge.db")
    with reached(Where()) as api:
        yield api


@pytest.fixture
def plan(api: Asking, repository) -> Planning:
    """Give a function that plans what documents say."""

    def plan(*documents: str, **how: bool) -> Planned:
        return planned(api, read_paths([repository(all_yaml="\n---\n".join(documents))]), **how)

    return plan


def service(text: str, version: str = "1", more: str = "") -> str:
    return SERVICE.format(text=text, version=version, more=more and f", {more}")


def serving(api: Asking) -> list[tuple[str, str]]:
    return [(one["version"], one["state"]) for one in api.items("/services/weather/releases")]


def hotfix(api: Asking) -> None:
    """Publish another release, as somebody in a hurry does."""
    api.ask("PATCH", "/services/weather", {"draft": {"definition": {"text": "hotfix"}}})
    number = api.ask("POST", "/services/weather/releases", {"version": "hotfix"})["number"]
    api.ask("POST", f"/services/weather/releases/{number}/publish")


def test_draft_that_somebody_changed_after_it_was_written_is_not_released(api: Asking, plan: Planning) -> None:
    do(plan(service("rain")))
    change, release, publish = plan(service("sun", "2")).steps
    change.do()
    api.ask("PATCH", "/services/weather", {"draft": {"definition": {"text": "another's"}}})

    with pytest.raises(Refused, match=CHANGED):
        release.do()

    assert publish.action == "publish"
    assert serving(api) == [("1", "live")]


def test_draft_that_was_right_and_that_somebody_changed_since_is_not_released(api: Asking, plan: Planning) -> None:
    do(plan(service("rain").replace("version: '1', publish: true, ", "")))
    wanted = plan(service("rain"))
    api.ask("PATCH", "/services/weather", {"draft": {"definition": {"text": "another's"}}})

    with pytest.raises(SetupError, match=f"release Service weather 1 failed: {CHANGED}"):
        do(wanted)

    assert serving(api) == []


@pytest.mark.parametrize("more", ["", "beside: true", "publish_at: 2098-01-01T00:00:00Z"])
def test_release_that_somebody_published_since_is_not_superseded(api: Asking, plan: Planning, more: str) -> None:
    do(plan(service("rain")))
    *before, last = plan(service("sun", "2", more)).steps
    for step in before:
        step.do()
    hotfix(api)

    with pytest.raises(Refused, match=CHANGED):
        last.do()

    assert serving(api) == [("hotfix", "live"), ("2", "made"), ("1", "superseded")]


def test_release_that_is_there_is_not_promoted_over_what_somebody_published_since(api: Asking, plan: Planning) -> None:
    do(plan(service("rain")))
    do(plan(service("sun", "2", "beside: true")))
    (promote,) = plan(service("sun", "2")).steps
    hotfix(api)

    with pytest.raises(Refused, match=CHANGED):
        promote.do()

    assert api.ask("GET", "/services/weather/releases/3")["default"] is True


def test_what_follows_a_publication_is_refused_where_somebody_published_another_since(
    api: Asking, plan: Planning
) -> None:
    do(plan(service("rain")))
    *before, deprecate = plan(service("sun", "2", "deprecated: {}")).steps
    for step in before:
        step.do()
    hotfix(api)

    with pytest.raises(Refused, match=CHANGED):
        deprecate.do()

    assert api.ask("GET", "/services/weather")["state"] == "published"


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        ("", "paused: true", "pause"),
        ("paused: true", "paused: false", "resume"),
        ("", "deprecated: {}", "deprecate"),
        ("deprecated: {}", "", "keep"),
    ],
)
def test_course_of_a_service_that_somebody_changed_since_is_left(
    api: Asking, plan: Planning, before: str, after: str, step: str
) -> None:
    do(plan(service("rain", more=before)))
    wanted = plan(service("rain", more=after))
    api.ask("PATCH", "/services/weather", {"draft": {"description": "Another's."}})

    with pytest.raises(SetupError, match=f"{step} Service weather failed: {CHANGED}"):
        do(wanted)


class Hurried(Asking):
    """A way to the API where a hotfix is published right behind each other publication."""

    def __init__(self, api: Asking) -> None:
        self._api = api

    def send(self, method: str, path: str, body: Any = None, query: Any = None, *, headers: Any = None) -> Reply:
        reply = self._api.send(method, path, body, query, headers=headers or {})
        if path.endswith("/publish"):
            hotfix(self._api)
        return reply


def test_hotfix_of_the_same_moment_is_noticed(api: Asking, plan: Planning, repository) -> None:
    do(plan(service("rain")))
    repository(all_yaml=service("sun", "2"))
    wanted = planned(Hurried(api), read_paths([repository()]))

    with pytest.raises(SetupError, match="somebody else changed the service at the same time"):
        do(wanted)


def test_application_that_somebody_changed_since_is_not_ended(api: Asking, plan: Planning) -> None:
    do(plan("{kind: Application, name: a}", "{kind: Application, name: b}"))
    wanted = plan("{kind: Application, name: a}", prune=True)
    (b,) = (one for one in api.items("/applications") if one["name"] == "b")
    api.ask("PATCH", f"/applications/{b['id']}", {"name": "taken-over"})

    with pytest.raises(SetupError, match=f"end Application b failed: {CHANGED}"):
        do(wanted)

    assert [one["ended_at"] for one in api.items("/applications")] == [None, None]


def test_application_ends_whose_team_was_switched_since(api: Asking, plan: Planning) -> None:
    team, shop, other = (
        "{kind: Team, name: blue}",
        "{kind: Application, name: shop, spec: {team: blue}}",
        "{kind: Application, name: other}",
    )
    do(plan(team, shop, other))

    done = do(plan(team.replace("blue}", "blue, spec: {disabled: true}}"), other, prune=True))

    assert len(done) == 2
    assert [one["name"] for one in api.items("/applications") if not one["ended_at"]] == ["other"]


@pytest.mark.parametrize(("kind", "at"), [("Plan", "/plans"), ("Team", "/teams")])
def test_plan_or_team_that_somebody_changed_since_is_not_ended(api: Asking, plan: Planning, kind: str, at: str) -> None:
    do(plan(f"{{kind: {kind}, name: a}}", f"{{kind: {kind}, name: b}}"))
    wanted = plan(f"{{kind: {kind}, name: a}}", prune=True)
    api.ask("PATCH", f"{at}/b", {"title": "Finance needs it"})

    with pytest.raises(SetupError, match=CHANGED):
        do(wanted)

    assert api.ask("GET", f"{at}/b")["ended_at"] is None


def test_subscription_that_somebody_decided_on_since_is_left(api: Asking, plan: Planning) -> None:
    called = "{kind: Application, name: shop}"
    wish = "{kind: Subscription, name: s, spec: {application: shop, service: weather}}"
    do(plan(service("rain"), called, wish))
    wanted = plan(service("rain"), called, wish.replace("weather}", "weather, approved: true}"))
    (one,) = api.items("/subscriptions")
    api.ask("POST", f"/subscriptions/{one['id']}/approve", {"expires_at": "2098-01-01T00:00:00Z"})

    with pytest.raises(SetupError, match=f"approve Subscription s failed: {CHANGED}"):
        do(wanted)

    assert [one["expires_at"] for one in api.items("/subscriptions")] == ["2098-01-01T00:00:00Z"]
