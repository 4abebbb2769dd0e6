"""The editor of a prompt API: shown, saved, and tried before it is saved."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.plugins.dashboard.servicing import PROMPT, api, begun, draft, released, whole_form
from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest

EDITOR = "/services/sum/prompt"


async def opened(visit: Visitor) -> dict[str, list[str]]:
    page = await visit.get(EDITOR)
    assert page.status_code == 200
    return whole_form(page)


def asked(visit: Visitor) -> dict[str, Any]:
    """Give what the model was asked last."""
    found: dict[str, Any] = json.loads(visit.under.sent[-1].body)
    return found


async def test_form_that_is_sent_back_as_it_came_changes_nothing_that_is_said(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    form = await opened(visit)

    saved = await visit.post(EDITOR, form)

    found = (await draft(visit, "sum"))["definition"]
    assert saved.headers["location"] == f"/_tollbridge{EDITOR}?said=changed"
    assert {name: found[name] for name in PROMPT["definition"] if name != "tests"} == {  # type: ignore[attr-defined]
        name: value
        for name, value in PROMPT["definition"].items()  # type: ignore[attr-defined]
        if name != "tests"
    }
    assert found["tests"] == PROMPT["definition"]["tests"]  # type: ignore[index]


async def test_variables_are_marked_in_the_templates_and_unknown_ones_stand_out(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt", definition={**PROMPT["definition"], "user": "{{text}} {{nobody}}"})

    page = (await visit.get(EDITOR)).text

    assert '<span class="chip">sentences</span>' in page
    assert '<span class="chip">text</span>' in page
    assert '<span class="chip unknown">nobody</span>' in page
    assert "there is no variable &#39;nobody&#39;" in page
    assert 'name="s_nobody"' in page  # a value can be typed before the variable is there


async def test_draft_is_changed_row_by_row_and_a_row_that_is_emptied_is_gone(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    form = await opened(visit)
    for name, value in (
        ("v_name", "tone"),
        ("v_type", "string"),
        ("v_default", "kind"),
        ("v_more", '{"maxLength": 9}'),
    ):
        form[name][-1] = value
    form["user"] = ["{{text}}\r\n{{tone}}"]
    for name in ("c_name", "c_variables", "c_expect"):
        form[name] = [""]
    form["gate"], form["temperature"], form["stop"] = [""], ["0.5"], ["END\r\nSTOP"]

    assert (await visit.post(EDITOR, form)).status_code == 303

    found = (await draft(visit, "sum"))["definition"]
    assert found["variables"]["tone"] == {"type": "string", "default": "kind", "maxLength": 9}
    assert list(found["variables"]) == ["text", "sentences", "tone"]
    assert found["user"] == "{{text}}\n{{tone}}"
    assert found["parameters"] == {"temperature": 0.5, "stop": ["END", "STOP"]}
    assert "tests" not in found


async def test_what_was_typed_wrongly_stands_beside_its_field_and_stays(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    form = await opened(visit)
    form["temperature"], form["v_default"] = ["hot"], ["", "three", ""]

    reply = await visit.post(EDITOR, form)

    assert reply.status_code == 400
    assert 'id="h-temperature">Write a number.' in reply.text
    assert 'value="hot"' in reply.text
    assert 'id="h-v_default_1">' in reply.text
    assert 'value="three"' in reply.text
    assert (await draft(visit, "sum"))["definition"]["variables"]["sentences"]["default"] == 3


async def test_draft_that_somebody_else_changed_is_not_overwritten_and_nothing_typed_is_lost(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    form = await opened(visit)
    await api(visit).patch("/services/sum", {"draft": {"name": "Other"}})
    form["system"] = ["My words."]

    reply = await visit.post(EDITOR, form)

    assert reply.status_code == 400
    assert "changed since" in reply.text
    assert "My words." in reply.text
    assert "Show it as it is now" in reply.text
    assert "sentences" in (await draft(visit, "sum"))["definition"]["system"]


async def test_what_is_typed_is_run_before_it_is_saved(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    before = await draft(visit, "sum")
    form = await opened(visit)
    form |= {"system": ["Say {{sentences}} things."], "s_text": ["a <letter>"], "s_sentences": ["2"]}

    page = await visit.post(f"{EDITOR}/run", form)

    said = asked(visit)
    assert [one["content"] for one in said["messages"]] == ["Say 2 things.", "a <letter>"]
    assert page.status_code == 200
    assert '<span class="pill ok">Answered</span>' in page.text
    assert "<code>Hello.</code>" in page.text
    assert "1,000 tokens in, 500 out" in page.text
    assert '<data value="0.0001">$0.0001</data>' in page.text  # 1000 x 0.05 + 500 x 0.10, per million
    assert "Say {{sentences}} things." in page.text
    assert "a &lt;letter&gt;" in page.text
    assert "kept once you save it" in page.text
    assert await draft(visit, "sum") == before


async def test_release_is_run_as_it_was_made(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    await released(visit, "sum")
    form = await opened(visit)
    form |= {"run": ["1"], "system": ["Other words."], "s_text": ["hi"], "temperature": ["hot"]}

    page = await visit.post(f"{EDITOR}/run", form)

    assert asked(visit)["messages"][0]["content"] == "Write 3 sentences."
    assert "Answered" in page.text
    assert "Other words." in page.text
    assert (await visit.post(f"{EDITOR}/run", {**form, "run": ["9"]})).status_code == 404


async def test_values_that_do_not_fit_are_told_beside_their_fields(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    form = await opened(visit)

    missing = await visit.post(f"{EDITOR}/run", {**form, "s_text": [""]})
    wrong = await visit.post(f"{EDITOR}/run", {**form, "s_text": ["hi"], "s_sentences": ["three"]})

    assert 'id="h-s_text">It is needed.' in missing.text
    assert "No answer" in missing.text
    assert wrong.status_code == 400
    assert 'id="h-s_sentences">Write a value of its type' in wrong.text
    assert visit.under.sent == []


async def test_prompt_that_is_not_ready_says_why_it_cannot_be_run(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    form = await opened(visit)

    page = await visit.post(f"{EDITOR}/run", {**form, "user": ["{{nobody}}"], "s_text": ["hi"]})

    assert page.status_code == 200
    assert "No answer" in page.text
    assert "there is no variable" in page.text


async def test_model_says_what_it_falls_back_to_and_costs(mock: Callable[..., GatewayUnderTest]) -> None:
    targets = {"targets": ["mock/tiny-1", "mock/tiny-2"], "price": {"input": "0.05", "output": "0.10"}}
    visit = await Visitor(mock(models={"small": targets})).sign_in()
    await begun(visit, "sum", "prompt")

    page = (await visit.get(EDITOR)).text

    assert "Asked first: mock/tiny-1" in page
    assert "then: mock/tiny-2" in page
    assert '<option value="small">' in page
    assert '<data value="0.05">$0.050</data> in' in page


async def test_releases_stand_beside_with_their_last_trial(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    await released(visit, "sum")
    await released(visit, "sum", version="2.0")
    await api(visit).post("/services/sum/releases/1/prove")

    page = (await visit.get(EDITOR)).text

    assert "1 of 1 passed" in page
    assert page.count("not tried") == 1
    assert "/services/sum/lifecycle#cut" in page


@pytest.mark.parametrize("definition", [{}, {"variables": 7, "tests": [], "examples": "x", "parameters": {"stop": 1}}])
async def test_odd_draft_is_shown_all_the_same(visit: Visitor, definition: dict[str, Any]) -> None:
    await begun(visit, "sum", "prompt", definition=definition)

    assert (await visit.get(EDITOR)).status_code == 200
    assert (await visit.get(f"{EDITOR}/compare")).status_code == 200


async def test_service_of_another_kind_has_no_editor(visit: Visitor) -> None:
    await begun(visit)

    assert (await visit.get("/services/orders/prompt")).status_code == 404
    assert (await visit.get("/services/orders/prompt/compare")).status_code == 404


async def test_who_only_reads_sees_the_prompt_and_no_buttons(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    ada = await visit.person("ada", blue="viewer")
    await api(visit).post("/roles", {"name": "reader", "scopes": ["admin:services:read"]})
    await begun(visit, "sum", "prompt", team="blue")
    await visit.under.gateway.people.set_membership(ada.id, "blue", "reader")
    await visit.sign_in_as(ada)

    page = (await visit.get(EDITOR)).text
    forced = await visit.post(f"{EDITOR}/run", {"s_text": "hi"})

    assert "Write {{ sentences }} sentences." in page
    assert "Save draft" not in page
    assert "Run</button>" not in page
    assert forced.status_code == 403
    assert visit.under.sent == []


async def test_who_may_not_ask_the_model_reads_why(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    ada = await visit.person("ada", blue="viewer")
    scopes = ["admin:services:read", "admin:services:write"]
    await api(visit).post("/roles", {"name": "writer", "scopes": scopes})
    await begun(visit, "sum", "prompt", team="blue")
    await visit.under.gateway.people.set_membership(ada.id, "blue", "writer")
    await visit.sign_in_as(ada)

    form = await opened(visit)
    page = await visit.post(f"{EDITOR}/run", {**form, "s_text": ["hi"]})

    assert "No answer" in page.text
    assert "model:small" in page.text
    assert visit.under.sent == []
