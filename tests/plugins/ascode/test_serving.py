"""How releases come to serve as documents say, what they say of an end, and how services end that are in none."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.ascode.conftest import Code, Ran

from tollbridge import Gateway
from tollbridge.administering import Move
from tollbridge.audit import OPERATOR
from tollbridge.cli.places import Where
from tollbridge.stores.services import Step
from tollbridge.testing.blank import lay_database
from tollbridge_admin import way_to

LATER, EVEN_LATER = "2098-07-01T00:00:00Z", "2099-01-01T00:00:00Z"
DOCUMENT = """\
kind: Service
name: weather
spec: {{type: answering, {said}, design: {{name: Weather, visibility: public, definition: {{text: {text}}}}}}}
"""
CALLED = """\
---
{{kind: Application, name: shop}}
---
{{kind: Subscription, name: shop calls, spec: {{application: shop, service: weather, approved: true}}}}
"""
Said = Callable[..., Path]


@pytest.fixture(autouse=True)
def _laid(tmp_path: Path) -> None:
    lay_database(tmp_path / ".tollbridge" / "tollbridge.db")


@pytest.fixture
def said(repository) -> Said:
    """Give `said(spec, text="rain", called=False)`, which writes the document of a service, and one that calls it."""

    def said(spec: str, *, text: str = "rain", called: bool = False) -> Path:
        written = DOCUMENT.format(said=spec, text=text) + (CALLED.format() if called else "")
        folder: Path = repository(all_yaml=written)
        return folder

    return said


def asked(method: str, path: str, body: Any = None) -> Any:
    with way_to(Where()) as api:
        return api.ask(method, path, body)


def states() -> list[tuple[str, str, bool]]:
    """Give the releases of the service, the oldest first: version, state, and whether it serves who asks for none."""
    found = asked("GET", "/services/weather/releases")["items"]
    return [(one["version"], one["state"], one["default"]) for one in reversed(found)]


def steps(ran: Ran) -> list[str]:
    assert ran.code in (0, 1), ran.err
    return [f"{step['action']} {step['kind']} {step['name']}" for step in json.loads(ran.out)["steps"]]


def fail(number: int) -> None:
    """Take a release back as the health gate does."""

    async def failed() -> None:
        async with Gateway() as gateway:
            store, act = await gateway.store.services(), await gateway.tokens.act(OPERATOR)
            service = await store.get_service("weather")
            assert service is not None
            step = Step(move=Move.FAIL, why="3 of its first 4 calls failed")
            assert await store.move_release(service.id, number, step, act) is not None

    asyncio.run(failed())


def applied(code: Code, folder: Path) -> list[str]:
    """Apply a folder, and see that nothing differs then."""
    ran = code("apply", "-f", folder, "--json")
    assert ran.code == 0, ran.err
    again = code("diff", "-f", folder, "--json")
    assert (again.code, steps(again)) == (0, [])
    return steps(ran)


def test_release_that_was_taken_back_is_not_published_again(code: Code, said: Said) -> None:
    code("apply", "-f", said("version: '1', publish: true"))
    folder = said("version: '2', publish: true", text="sun")
    code("apply", "-f", folder)
    fail(2)

    ran = code("apply", "-f", folder)

    assert ran.code == 2
    assert "weather has a release 2 (number 2) that failed: name another version" in ran.err
    assert states() == [("1", "live", True), ("2", "failed", False)]


def test_release_that_was_taken_back_serves_again_where_somebody_publishes_it(code: Code, said: Said) -> None:
    folder = said("version: '1', publish: true")
    code("apply", "-f", folder)
    fail(1)
    asked("POST", "/services/weather/releases/1/publish")

    assert applied(code, folder) == []


def test_release_serves_beside_another_where_the_document_says_so(code: Code, said: Said) -> None:
    code("apply", "-f", said("version: '1', publish: true"))

    done = applied(code, said("version: '2', publish: true, beside: true", text="sun"))

    assert done == ["change Service weather", "release Service weather 2", "publish Service weather 2"]
    assert states() == [("1", "live", True), ("2", "live", False)]


def test_first_release_serves_who_asks_for_no_version_also_where_it_is_to_be_beside(code: Code, said: Said) -> None:
    applied(code, said("version: '1', publish: true, beside: true"))

    assert states() == [("1", "live", True)]


def test_release_beside_another_is_promoted_where_the_document_says_beside_no_more(code: Code, said: Said) -> None:
    code("apply", "-f", said("version: '1', publish: true"))
    code("apply", "-f", said("version: '2', publish: true, beside: true", text="sun"))

    done = applied(code, said("version: '2', publish: true", text="sun"))

    assert done == ["promote Service weather 2"]
    assert states() == [("1", "live", False), ("2", "live", True)]


def test_release_beside_another_is_left_where_it_is_by_a_document_that_publishes_nothing(
    code: Code, said: Said
) -> None:
    code("apply", "-f", said("version: '1', publish: true"))
    code("apply", "-f", said("version: '2', publish: true, beside: true", text="sun"))

    assert applied(code, said("version: '2'", text="sun")) == []


def test_release_is_scheduled_and_another_time_and_none_are_brought_in_line(code: Code, said: Said) -> None:
    first = applied(code, said(f"version: '1', publish: true, publish_at: {LATER!r}"))
    scheduled = states()
    later = code("diff", "-f", said(f"version: '1', publish: true, publish_at: {EVEN_LATER!r}"))
    second = applied(code, said(f"version: '1', publish: true, publish_at: {EVEN_LATER!r}"))
    moved = asked("GET", "/services/weather/releases/1")["publish_at"]
    now = applied(code, said("version: '1', publish: true"))

    assert first == ["make Service weather", "release Service weather 1", "schedule Service weather 1"]
    assert scheduled == [("1", "scheduled", False)]
    assert later.out == f"> schedule Service weather 1\n    publish_at: {LATER} -> {EVEN_LATER}\n"
    assert (second, moved) == (["schedule Service weather 1"], EVEN_LATER)
    assert (now, states()) == (["publish Service weather 1"], [("1", "live", True)])


def test_release_whose_time_has_come_is_published_at_once(code: Code, said: Said) -> None:
    done = applied(code, said("version: '1', publish: true, publish_at: '2020-01-01T00:00:00Z'"))

    assert (done[-1], states()) == ("publish Service weather 1", [("1", "live", True)])


def test_release_that_was_published_before_its_time_is_left_alone(code: Code, said: Said) -> None:
    folder = said(f"version: '1', publish: true, publish_at: {LATER!r}")
    code("apply", "-f", folder)
    asked("POST", "/services/weather/releases/1/publish")

    assert applied(code, folder) == []


def test_release_beside_another_waits_for_the_time_that_the_document_says(code: Code, said: Said) -> None:
    code("apply", "-f", said("version: '1', publish: true"))
    code("apply", "-f", said("version: '2', publish: true, beside: true", text="sun"))

    assert applied(code, said(f"version: '2', publish: true, publish_at: {LATER!r}", text="sun")) == []
    done = applied(code, said("version: '2', publish: true, publish_at: '2020-01-01T00:00:00Z'", text="sun"))
    assert done == ["promote Service weather 2"]


def test_release_that_is_to_come_and_in_no_document_any_more_is_unscheduled(code: Code, said: Said) -> None:
    code("apply", "-f", said("version: '1', publish: true"))
    code("apply", "-f", said(f"version: '2', publish: true, publish_at: {LATER!r}", text="sun"))

    differs = code("diff", "-f", said("version: '1', publish: true"))
    done = applied(code, said("version: '1', publish: true"))

    assert differs.out.endswith(f"~ unschedule Service weather 2\n    publish_at: {LATER} -> nothing\n")
    assert done == ["change Service weather", "unschedule Service weather 2"]
    assert states() == [("1", "live", True), ("2", "made", False)]


@pytest.mark.parametrize("more", ["", ", publish: true, beside: true"])
def test_release_that_is_to_come_is_left_where_no_document_says_what_serves(code: Code, said: Said, more: str) -> None:
    code("apply", "-f", said("version: '1', publish: true"))
    code("apply", "-f", said(f"version: '2', publish: true, publish_at: {LATER!r}", text="sun"))

    applied(code, said(f"version: '3'{more}", text="snow"))

    assert states()[1] == ("2", "scheduled", False)


def test_secret_that_is_not_there_is_said_when_what_names_it_is_written(code: Code, repository) -> None:
    definition = (
        "{upstreams: {main: {nodes: [{url: 'https://api.example.com'}], auth: {key: 'stored:weather'}}}, "
        "routes: [{name: a, path: /x, upstream: main}]}"
    )
    text = f"{{kind: Service, name: weather, spec: {{type: rest, design: {{name: W, definition: {definition}}}}}}}"
    lacks = "definition: the secret stored:weather is not there yet, and calls that need it are refused until it is"

    made = code("apply", "-f", repository(all_yaml=text))
    released = code("apply", "-f", repository(all_yaml=text.replace("rest,", "rest, version: '1', publish: true,")))
    named = text.replace("name: W", "name: X").replace("rest,", "rest, version: '2',")
    changed = code("apply", "-f", repository(all_yaml=named), "--json")

    assert f"make Service weather: {lacks}\n" in made.out
    assert f"release Service weather 1: {lacks}\n" in released.out
    assert [one["notes"] for one in json.loads(changed.out)["steps"]] == [[lacks], []]


def test_release_that_served_before_is_not_scheduled(code: Code, said: Said) -> None:
    code("apply", "-f", said("version: '1', publish: true"))
    code("apply", "-f", said("version: '2', publish: true", text="sun"))

    ran = code("apply", "-f", said(f"version: '1', publish: true, publish_at: {LATER!r}"))

    assert ran.code == 2
    assert "a release 1 (number 1) that served before, and such a one is published at once" in ran.err


def test_what_calls_a_service_waits_until_its_release_serves(code: Code, said: Said) -> None:
    folder = said(f"version: '1', publish: true, publish_at: {LATER!r}", called=True)

    first, again = code("apply", "-f", folder), code("apply", "-f", folder, "--json")

    waits = "make Subscription shop calls: waiting for the service weather"
    assert first.out.splitlines()[-2:] == [waits, "done: 4, waiting: 1, as they were: 0"]
    assert (steps(again), json.loads(again.out)["done"]) == (["make Subscription shop calls"], False)
    asked("POST", "/services/weather/releases/1/publish")
    assert applied(code, folder) == ["make Subscription shop calls"]


def test_a_release_to_be_scheduled_is_submitted_where_it_needs_an_approval(
    code: Code, config: Path, said: Said
) -> None:
    config.write_text(f'{config.read_text()}\n[services]\nreview = "required"\n')
    folder = said(f"version: '1', publish: true, publish_at: {LATER!r}")
    early, again = code("apply", "-f", folder), code("diff", "-f", folder)
    asked("POST", "/services/weather/releases/1/approve")

    done = applied(code, folder)

    assert "schedule Service weather 1: waiting for approval\ndone: 2, waiting: 1" in early.out
    assert again.out == f"> schedule Service weather 1\n    publish_at: nothing -> {LATER}\n    waits for approval\n"
    assert (done, states()) == (["schedule Service weather 1"], [("1", "scheduled", False)])
    applied(code, said(f"version: '1', publish: true, publish_at: {EVEN_LATER!r}"))
    assert states() == [("1", "scheduled", False)]


def test_an_end_is_told_and_told_otherwise_and_taken_back(code: Code, said: Said) -> None:
    code("apply", "-f", said("version: '1', publish: true"))
    with_end = f"version: '1', publish: true, deprecated: {{sunset_at: {LATER!r}, successor: climate}}"

    differs = code("diff", "-f", said(with_end))
    begun = applied(code, said(with_end))
    one = asked("GET", "/services/weather")
    other = code("diff", "-f", said("version: '1', publish: true, deprecated: {successor: climate}"))
    applied(code, said("version: '1', publish: true, deprecated: {}"))
    bare = asked("GET", "/services/weather")
    kept = code("diff", "-f", said("version: '1', publish: true"))
    back = applied(code, said("version: '1', publish: true"))

    assert differs.out == (
        "~ deprecate Service weather\n    deprecated: no -> yes\n"
        f"    deprecated.sunset_at: nothing -> {LATER}\n    deprecated.successor: nothing -> climate\n"
    )
    assert begun == ["deprecate Service weather"]
    assert (one["state"], one["sunset_at"], one["successor"]) == ("deprecated", LATER, "climate")
    assert other.out == f"~ deprecate Service weather\n    deprecated.sunset_at: {LATER} -> nothing\n"
    assert (bare["state"], bare["sunset_at"], bare["successor"]) == ("deprecated", None, None)
    assert kept.out == "~ keep Service weather\n    deprecated: yes -> no\n"
    assert (back, asked("GET", "/services/weather")["state"]) == (["keep Service weather"], "published")


def test_who_calls_a_service_that_is_to_end_is_let_in_before_that_is_said(code: Code, said: Said) -> None:
    done = applied(code, said("version: '1', publish: true, deprecated: {}", called=True))

    assert done[-2:] == ["make Subscription shop calls", "deprecate Service weather"]


def test_an_end_of_what_does_not_serve_is_told_to_nobody(code: Code, said: Said) -> None:
    assert applied(code, said("version: '1', deprecated: {}")) == ["make Service weather", "release Service weather 1"]
    assert applied(code, said("version: '1', publish: true, deprecated: {}")) == [
        "publish Service weather 1",
        "deprecate Service weather",
    ]


def test_an_end_waits_with_the_service_for_an_approval(code: Code, config: Path, said: Said) -> None:
    config.write_text(f'{config.read_text()}\n[services]\nreview = "required"\n')

    ran = code("apply", "-f", said("version: '1', publish: true, deprecated: {}"))

    assert "deprecate Service weather: waiting for the service weather\ndone: 2, waiting: 2" in ran.out


def test_pause_is_said_before_anything_is_served_and_taken_back_once_it_is(code: Code, said: Said) -> None:
    begun = applied(code, said("version: '1', publish: true, paused: it is mended"))
    one = asked("GET", "/services/weather")
    same = code("diff", "-f", said("version: '1', publish: true, paused: ' it is mended '"))
    other = code("diff", "-f", said("version: '1', publish: true, paused: true"))
    applied(code, said("version: '1', publish: true, paused: true"))
    bare = asked("GET", "/services/weather")
    silent = code("diff", "-f", said("version: '1', publish: true"))
    back = code("diff", "-f", said("version: '1', publish: true, paused: false"))
    goes_on = applied(code, said("version: '1', publish: true, paused: false"))

    assert begun[1:] == ["pause Service weather", "release Service weather 1", "publish Service weather 1"]
    assert (one["live"] is not None, one["paused_why"]) == (True, "it is mended")
    assert (same.code, same.out) == (0, "nothing differs: 1 as they are\n")
    assert other.out == "~ pause Service weather\n    paused: it is mended -> yes\n"
    assert (bare["paused_at"] is not None, bare["paused_why"]) == (True, "")
    assert (silent.code, silent.out) == (0, "nothing differs: 1 as they are\n")
    assert back.out == "> resume Service weather\n    paused: yes -> no\n"
    assert goes_on == ["resume Service weather"]
    assert asked("GET", "/services/weather")["paused_at"] is None


def test_service_that_is_paused_goes_on_once_what_is_new_is_published(code: Code, said: Said) -> None:
    applied(code, said("version: '1', paused: not yet"))

    assert applied(code, said("version: '1', publish: true, paused: false")) == [
        "publish Service weather 1",
        "resume Service weather",
    ]


def test_an_end_in_the_past_is_refused_before_anything_is_done(code: Code, said: Said) -> None:
    folder = said("version: '1', publish: true, deprecated: {sunset_at: '2020-01-01T00:00:00Z'}")

    ran = code("apply", "-f", folder)

    assert ran.code == 2
    assert "the end of weather that sunset_at says lies in the past; name another, or retire the service" in ran.err
    assert asked("GET", "/services")["items"] == []


@pytest.mark.parametrize(
    "way",
    [
        f"deprecated: {{sunset_at: {LATER!r}, successor: climate}}",
        "deprecated: {}",
        "paused: it is mended",
        "paused: true",
        f"publish_at: {LATER!r}",
    ],
)
def test_how_it_serves_and_ends_is_exported_and_comes_to_another_gateway(
    code: Code, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    code("apply", "-f", said(f"version: '1', publish: true, {way}"))
    before = asked("GET", "/services/weather")["state"]
    first = code("export", "--json").out
    code("export", "-o", tmp_path / "out")
    monkeypatch.setenv("TOLLBRIDGE_DATA", str(tmp_path / "another"))
    (tmp_path / "another").mkdir()

    assert code("import", tmp_path / "out").code == 0

    assert way.partition(":")[0] in first
    assert code("export", "--json").out == first
    assert asked("GET", "/services/weather")["state"] == before


def test_a_release_that_failed_is_exported_as_none_that_serves(code: Code, said: Said) -> None:
    code("apply", "-f", said("version: '1', publish: true"))
    fail(1)

    (written,) = json.loads(code("export", "--json").out)

    assert (written["spec"]["version"], "publish" in written["spec"]) == ("1", False)


def test_prune_retires_what_served_though_nothing_of_it_does_now(code: Code, said: Said, repository) -> None:
    code("apply", "-f", said("version: '1', publish: true"))
    fail(1)
    folder = repository(all_yaml="{kind: Service, name: other, spec: {type: answering}}")

    shown = code("diff", "-f", folder, "--prune")
    ran = code("apply", "-f", folder, "--prune", "--yes")

    assert "- end Service weather\n    retire: it served\n" in shown.out
    assert (ran.code, ran.err) == (0, "")
    assert asked("GET", "/services/weather")["state"] == "retired"
    assert code("diff", "-f", folder, "--prune").code == 0


def test_prune_forgets_what_never_served(code: Code, said: Said, repository) -> None:
    code("apply", "-f", said("version: '1'"))
    folder = repository(all_yaml="{kind: Service, name: other, spec: {type: answering}}")

    shown = code("diff", "-f", folder, "--prune")

    assert "- end Service weather\n    drop: it never served\n" in shown.out
    assert code("apply", "-f", folder, "--prune", "--yes").code == 0
    assert [one["slug"] for one in asked("GET", "/services")["items"]] == ["other"]


def test_whom_it_concerns_that_a_service_goes_to_another_team_is_said(code: Code, said: Said) -> None:
    code("apply", "-f", said("team: blue, version: '1', publish: true"))

    ran = code("apply", "-f", said("team: red, version: '1', publish: true"))
    back = code("apply", "-f", said("team: blue, version: '1', publish: true"), "--json")

    said_of = "tokens of the team blue called it without a subscription and need one now"
    assert f"change Service weather: {said_of}" in ran.out
    (step,) = json.loads(back.out)["steps"]
    assert step["notes"][0].startswith("tokens of the team red called it without a subscription")
