"""Releases: all of them, one with what it is made of, and what its trials gave."""

from collections.abc import Callable

from tests.plugins.dashboard.servicing import api, begun, published, released
from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest

SAID = {"choices": [{"message": {"content": "Nothing."}, "finish_reason": "stop"}]}


async def test_releases_are_listed_page_by_page(visit: Visitor) -> None:
    await begun(visit)
    for number in range(27):
        await released(visit, version=f"1.{number}")

    first = (await visit.get("/services/orders/versions")).text
    after = first.partition('rel="next" href="')[2].partition('"')[0]
    second = (await visit.get(f"/services/orders/versions{after}")).text

    assert first.count("data-row") == 25
    assert second.count("data-row") == 2
    assert "<b>1.26</b>" in first
    assert "<b>1.0</b>" in second
    assert 'href="?">Newest' in second


async def test_service_without_releases_says_what_to_do(visit: Visitor) -> None:
    await begun(visit)

    assert "There is no release yet" in (await visit.get("/services/orders/versions")).text


async def test_release_shows_its_way_and_what_it_is_made_of(visit: Visitor) -> None:
    await begun(visit)
    await released(visit, note="<b>The first.</b>")
    await api(visit).post("/services/orders/releases/1/submit", {"why": "please"})
    await api(visit).post("/services/orders/releases/1/approve", {"why": "fine"})

    page = (await visit.get("/services/orders/releases/1")).text

    assert "&lt;b&gt;The first." in page
    assert "please" in page
    assert "fine" in page
    assert "<bdi>Administrator</bdi>" in page
    assert "&#34;visibility&#34;: &#34;internal&#34;" in page
    assert "/services/orders/releases/1/publish" in page
    assert (await visit.get("/services/orders/releases/9")).status_code == 404


async def test_trial_is_run_and_each_case_says_what_became_of_it(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    await released(visit, "sum")
    visit.under.upstream.reply(SAID)

    failed = await visit.post("/services/sum/releases/1/prove")
    first = (await visit.get("/services/sum/releases/1")).text
    passed = await visit.post("/services/sum/releases/1/prove")
    second = (await visit.get("/services/sum/releases/1")).text

    assert failed.headers["location"] == "/_tollbridge/services/sum/releases/1?said=failed"
    assert passed.headers["location"] == "/_tollbridge/services/sum/releases/1?said=passed"
    assert "Did not pass" in first
    assert "it greets" in first
    assert '<p class="wrong">it does not contain' in first
    assert second.count('<details class="trial"') == 2
    assert "1 of 1 case" in second
    assert "0 of 1 case" in second
    assert '<data value="0.0001">' in second  # 1000 in x 0.05 + 500 out x 0.10, per million tokens


async def test_who_may_not_ask_the_model_reads_why_nothing_was_tried(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    ada = await visit.person("ada", blue="service-developer")
    await begun(visit, "sum", "prompt", team="blue")
    await released(visit, "sum")
    await api(visit).post("/roles", {"name": "writer", "scopes": ["admin:services:write", "admin:services:read"]})
    await visit.under.gateway.people.set_membership(ada.id, "blue", "writer")
    await visit.sign_in_as(ada)

    reply = await visit.post("/services/sum/releases/1/prove")

    assert reply.status_code == 400
    assert "Not tried" in reply.text
    assert "model:small" in reply.text


async def test_what_serves_beside_is_told_apart(visit: Visitor) -> None:
    await begun(visit)
    await published(visit)
    await published(visit, version="2.0", beside=True)

    page = (await visit.get("/services/orders/versions")).text

    assert page.count('<span class="pill ok">Live</span>') == 2
    assert page.count("<small>beside</small>") == 1
