"""`tollbridge service prove`, `try` and `publish --prove`: on this machine, where nothing is served, and elsewhere."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.middleware.cli.conftest import Ran, config, laid, tollbridge
from tests.plugins.admin.test_services_command import ROOT, site, weather
from tests.support.live import LiveGateway, mock_config

from tollbridge.testing.upstream import ScriptedUpstream

__all__ = ["config", "laid", "site", "tollbridge", "weather"]

Command = Callable[..., Ran]
GOOD = "name: Weather\ndefinition: {text: rain, tested: true}\n"
BAD = "name: Weather\ndefinition: {text: rain, tested: true, unproven: it is not rain}\n"
PROMPT = """
name: Greet
definition:
  model: gpt-4o-mini
  user: 'Greet {{who}}.'
  variables: {who: {type: string, maxLength: 50}}
  tests: {cases: [{name: polite, variables: {who: Ann}, expect: [{contains: Hello}]}]}
"""


def released(tollbridge: Command, weather: Path, text: str, version: str) -> None:
    """Release the service `weather` as it is written."""
    weather.write_text(text)
    for action in (("edit", "weather", "--file", str(weather)), ("release", "weather", "--version", version)):
        ran = tollbridge("service", *action)
        assert ran.code == 0, ran.err


def test_release_is_proved_and_its_trials_are_listed(tollbridge: Command, weather: Path) -> None:
    released(tollbridge, weather, BAD, "1")
    released(tollbridge, weather, GOOD, "2")
    untried = tollbridge("service", "evaluations", "weather", "2")

    bad = tollbridge("service", "prove", "weather", "1")
    good = tollbridge("service", "prove", "weather", "2")
    whole = tollbridge("service", "prove", "weather", "2", "--json")
    listed = tollbridge("service", "evaluations", "weather", "2")

    assert untried.out == "It was not tried yet.\n"
    assert (bad.code, good.code, whole.code) == (1, 0, 0)
    assert "it is not rain" in bad.out
    assert bad.out.splitlines()[-1] == "0 of 1 cases passed, 0.002 USD each, half within 40 ms, 95% within 40 ms"
    assert good.out.splitlines() == [
        "Nothing is wrong.",
        "1 of 1 cases passed, 0.002 USD each, half within 40 ms, 95% within 40 ms",
    ]
    assert whole.json["evaluation"]["number"] == 2
    rows = [line.split() for line in listed.out.splitlines() if "yes" in line]
    assert [(row[0], row[-5:]) for row in rows] == [
        (number, ["yes", "1/1", "0.002", "40", "40"]) for number in ("2", "1")
    ]
    assert tollbridge("service", "evaluations", "weather", "2", "--json").json[0] == whole.json["evaluation"]
    assert tollbridge("service", "prove", "weather", "9").code == 3


def test_release_without_tests_has_no_figures(tollbridge: Command, weather: Path) -> None:
    released(tollbridge, weather, "name: Weather\ndefinition: {text: rain}\n", "1")

    assert tollbridge("service", "prove", "weather", "1").out == "Nothing is wrong.\n"
    listed = tollbridge("service", "evaluations", "weather", "1")
    assert [line.split()[-4:] for line in listed.out.splitlines() if "yes" in line] == [["0/0", "-", "-", "-"]]


def test_publish_and_schedule_say_how_and_prove_first_where_that_is_said(tollbridge: Command, weather: Path) -> None:
    released(tollbridge, weather, GOOD, "1")

    early = tollbridge("service", "publish", "weather", "1")
    later = tollbridge("service", "schedule", "weather", "1", "--at", "8h", "--prove")
    now = tollbridge("service", "publish", "weather", "1", "--prove", "--json")

    assert (early.code, "tollbridge service prove weather 1" in early.err) == (1, True)
    assert later.code == 0, later.err
    assert now.json["state"] == "live"
    assert len(tollbridge("service", "evaluations", "weather", "1", "--json").json) == 2


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_release_that_does_not_pass_is_not_published(tollbridge: Command, weather: Path, more: tuple[str, ...]) -> None:
    released(tollbridge, weather, BAD, "1")

    ran = tollbridge("service", "publish", "weather", "1", "--prove", *more)

    assert (ran.code, "it is not rain" in ran.out) == (1, True)
    assert ran.err == "tollbridge: it did not pass, so nothing was changed\n"
    assert tollbridge("service", "show", "weather", "--json").json["state"] == "draft"


def test_diff_says_how_both_fared(tollbridge: Command, weather: Path) -> None:
    released(tollbridge, weather, BAD, "1")
    released(tollbridge, weather, GOOD.replace("tested: true", "tested: true, models: [small, none/x]"), "2")
    for number in ("1", "2"):
        tollbridge("service", "prove", "weather", number)

    better = tollbridge("service", "diff", "weather", "--from", "1", "--to", "2")
    worse = tollbridge("service", "diff", "weather", "--from", "2", "--to", "1")

    times = "cases passed, 0.002 USD each, half within 40 ms, 95% within 40 ms"
    assert better.out.splitlines()[-6:] == [
        "+ model small: 0.15 in, 0.6 out, USD per million tokens",
        "+ model none/x, at an unknown price",
        f"- tests: 0 of 1 {times}",
        f"+ tests: 1 of 1 {times}",
        "  a case costs +0 USD",
        "  passes now: rain",
    ]
    assert worse.out.splitlines()[-1] == "! fails now: rain"
    assert worse.out.splitlines()[-6] == "- model small: 0.15 in, 0.6 out, USD per million tokens"


def test_draft_is_tried_with_one_request(tollbridge: Command, weather: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    released(tollbridge, weather, "name: Weather\ndefinition: {text: rain}\n", "1")
    weather.write_text("name: Weather\ndefinition: {text: sun, status: 418}\n")
    tollbridge("service", "edit", "weather", "--file", str(weather))
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"a": 1}'))

    draft = tollbridge("service", "try", "weather", "-d", "-", "--path", "/deep/er", "-H", "accept: */*")
    release = tollbridge("service", "try", "weather", "--release", "1", "-d", "hi", "-H", "content-type: text/plain")
    whole = tollbridge("service", "try", "weather", "--json")

    assert (draft.code, draft.err.startswith("418 in ")) == (1, True)
    assert json.loads(draft.out)["path"] == "/v1/apis/weather/deep/er"
    assert (release.code, json.loads(release.out)["text"]) == (0, "rain")
    assert (whole.code, whole.json["status"]) == (1, 418)
    assert tollbridge("service", "try", "weather", "-d", "{").code == 2
    assert tollbridge("service", "try", "weather", "-H", "nothing").code == 2


@pytest.fixture
def greet(tollbridge: Command, config: Path, laid: Path) -> Iterator[ScriptedUpstream]:
    """Release a prompt API whose model is on this machine."""
    with ScriptedUpstream.in_thread() as upstream:
        config.write_text(mock_config(upstream.url, "[server]\npublic_url = 'https://gw.example'\n"))
        file = config.parent / "greet.yaml"
        file.write_text(PROMPT)
        for action in (("create", "greet", "-k", "prompt", "-f", str(file)), ("release", "greet", "--version", "1")):
            ran = tollbridge("service", *action)
            assert ran.code == 0, ran.err
        yield upstream


def said(words: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": words}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return {"id": "c1", "object": "chat.completion", "model": "gpt-4o-mini", "choices": [choice], "usage": usage}


def test_models_are_asked_where_nothing_is_served(tollbridge: Command, greet: ScriptedUpstream) -> None:
    greet.answer(said("Go away."))
    greet.answer(said("Hello Ann!"))
    greet.answer(said("Hello Bob!"))

    bad, good = (tollbridge("service", "prove", "greet", "1", "--json") for _ in range(2))
    tried = tollbridge("service", "try", "greet", "-d", '{"who": "Bob"}')

    assert (bad.code, good.code) == (1, 0), good.err
    assert bad.json["evaluation"]["cases"][0]["failures"] == ["it does not contain what was expected"]
    assert good.json["evaluation"]["cost_usd"] == "0.0000045"  # 10 x 0.15 + 5 x 0.60, per million tokens
    assert (tried.code, tried.out) == (0, "Hello Bob!\n")
    assert ", 0.0000045 USD" in tried.err
    assert tollbridge("service", "publish", "greet", "1").code == 0


def test_key_that_is_not_there_is_named(
    tollbridge: Command, greet: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MOCK_KEY")

    ran = tollbridge("service", "prove", "greet", "1")

    assert (ran.code, "MOCK_KEY" in ran.err) == (1, True)
    diff = tollbridge("service", "diff", "greet", "--from", "1", "--json")
    assert diff.json["figures"]["before"]["models"] == [{"model": "gpt-4o-mini", "input_usd": None, "output_usd": None}]


def test_releases_are_proved_and_drafts_tried_elsewhere(tollbridge: Command, tmp_path: Path, site: Path) -> None:
    env = {"PYTHONPATH": f"{site}:{ROOT}"}
    with LiveGateway(tmp_path, mock_config("http://127.0.0.1:9"), env=env) as live:
        (tmp_path / "token").write_text(live.token("--scope", "admin:*", "--scope", "ai:*")["token"])
        there = ("--url", live.url, "--token", f"@{tmp_path / 'token'}")
        file = tmp_path / "weather.yaml"
        file.write_text(GOOD)
        for action in (("create", "weather", "-k", "answering", "-f", str(file)), ("release", "weather", "-v", "1")):
            ran = tollbridge("service", *action, *there)
            assert ran.code == 0, ran.err

        tried = tollbridge("service", "try", "weather", *there)
        published = tollbridge("service", "publish", "weather", "1", "--prove", *there)

    assert (tried.code, json.loads(tried.out)["text"]) == (0, "rain")
    assert published.code == 0, published.err
