"""Two versions or two models of a prompt side by side."""

import json

from tests.plugins.dashboard.servicing import PROMPT, api, begun, released
from tests.support.visiting import Visitor

COMPARE = "/services/sum/prompt/compare"


async def test_two_versions_are_run_with_the_same_values(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    await released(visit, "sum")
    definition = {**PROMPT["definition"], "system": "Be short."}  # type: ignore[dict-item]
    await api(visit).patch("/services/sum", {"draft": {"definition": definition}})

    form = (await visit.get(COMPARE)).text
    page = await visit.post(COMPARE, {"a": "1", "b": "draft", "s_text": "hi <there>", "s_sentences": "2"})

    assert '<option value="1" selected>' in form
    assert '<option value="draft" selected>' in form
    said = sorted(json.loads(sent.body)["messages"][0]["content"] for sent in visit.under.sent)
    assert said == ["Be short.", "Write 2 sentences."]
    assert page.text.count('<span class="pill ok">Answered</span>') == 2
    assert "hi &lt;there&gt;" in page.text


async def test_two_models_are_asked_the_same(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    await released(visit, "sum")

    page = await visit.post(COMPARE, {"a": "1", "model_a": "gpt-4o-mini", "b": "draft", "model_b": "", "s_text": "hi"})

    assert sorted(json.loads(sent.body)["model"] for sent in visit.under.sent) == ["gpt-4o-mini", "tiny-1"]
    assert '<data value="0.00045">' in page.text
    assert '<data value="0.0001">' in page.text
    assert "<small>gpt-4o-mini</small>" in page.text


async def test_each_side_gets_the_values_that_it_knows(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    await released(visit, "sum")
    definition = {"model": "small", "user": "{{text}}", "variables": {"text": {"type": "string"}}}
    await api(visit).patch("/services/sum", {"draft": {"definition": definition}})

    page = await visit.post(COMPARE, {"a": "1", "b": "draft", "s_text": "hi", "s_sentences": "2"})

    assert page.text.count("Answered") == 2


async def test_one_that_fails_says_why_beside_the_other(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")

    page = await visit.post(COMPARE, {"a": "draft", "model_a": "nobody", "b": "draft", "s_text": "hi"})

    assert page.text.count("Answered") == 1
    assert page.text.count("No answer") == 1


async def test_value_that_is_none_is_told_beside_its_field_and_nothing_is_asked(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")

    page = await visit.post(COMPARE, {"a": "draft", "b": "draft", "s_text": "hi", "s_sentences": "two"})

    assert page.status_code == 400
    assert 'id="h-s_sentences"' in page.text
    assert "two</textarea>" in page.text
    assert visit.under.sent == []


async def test_release_that_is_not_there_is_nothing(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")

    assert (await visit.post(COMPARE, {"a": "7", "b": "draft"})).status_code == 404
