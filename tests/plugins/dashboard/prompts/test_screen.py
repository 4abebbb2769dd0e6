"""The list of prompt APIs."""

from tests.plugins.dashboard.servicing import begun
from tests.support.visiting import Visitor


async def test_only_prompts_are_listed_and_lead_to_their_editor(visit: Visitor) -> None:
    await begun(visit)
    await begun(visit, "sum", "prompt")

    page = (await visit.get("/prompts")).text
    rows = (await visit.get("/prompts?format=csv")).text.lstrip("\ufeff").splitlines()

    assert 'href="/_tollbridge/services/sum/prompt" data-row><b>Sum up</b>' in page
    assert "api/sum" in page
    assert "services/orders" not in page
    assert rows[0].startswith("name,slug,model,team,state")
    assert len(rows) == 2
    assert 'href="/_tollbridge/prompts" aria-current="page"' in page


async def test_filters_and_search_keep_to_prompts(visit: Visitor) -> None:
    await begun(visit)
    await begun(visit, "sum", "prompt")

    assert "services/sum" in (await visit.get("/prompts?q=sum&state=draft")).text
    assert "No prompt API is like that." in (await visit.get("/prompts?q=orders")).text
    assert "No prompt API is like that." in (await visit.get("/prompts?kind=rest&q=orders")).text


async def test_nothing_yet_offers_three_starters(visit: Visitor) -> None:
    page = (await visit.get("/prompts")).text

    assert "There is no prompt API yet" in page
    for starter in ("summary", "extraction", "translation"):
        assert f"/services/new/prompt?starter={starter}" in page
