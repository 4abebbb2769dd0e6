"""Explaining calls on a page: one that was made, one that could be, and what somebody pasted."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.visiting import Visitor

from tollbridge import TokenBudget
from tollbridge.testing import GatewayUnderTest
from tollbridge_dashboard.explain import Told, read_refusal

ID = "req_01a21ef97ade7d6f1dc73eb7f1d9"


async def refused(visit: Visitor) -> tuple[str, str]:
    """Make a call that is refused for its budget; gives its id, and what was answered."""
    token = await visit.under.token(budget=TokenBudget(1))
    reply = await visit.under.chat("gpt-4o-mini", token=token)
    assert reply.status_code == 429
    return reply.headers["x-request-id"], reply.text


async def test_call_that_was_made_is_explained_by_its_id_in_the_address(visit: Visitor) -> None:
    id, _ = await refused(visit)

    page = (await visit.get(f"/explain?id={id}")).text

    assert '<span class="pill bad">Refused</span>' in page
    assert "insufficient_quota" in page
    assert "is refused by the layer <b>meter</b>." in page
    assert "with status 429" in page
    assert f'href="/_tollbridge/log/{id}"' in page
    assert re.search(r'<li class="passes"><div class="layer"><b>authenticate</b>', page)
    assert re.search(r'<li class="refuses"><div class="layer"><b>meter</b>', page)
    assert 'href="/_tollbridge/tokens/tok_' in page


async def test_refusal_is_pasted_as_it_arrived(visit: Visitor) -> None:
    id, body = await refused(visit)

    without = await visit.post("/explain", {"pasted": body})
    whole = await visit.post("/explain", {"pasted": f"HTTP/1.1 429\nx-request-id: {id}\n\n{body}"})

    assert without.status_code == 400
    assert "No id of a request stands in it" in without.text
    assert "<code>insufficient_quota</code>" in without.text
    assert "cannot hold this call" in without.text
    assert whole.status_code == 200
    assert "is refused by the layer <b>meter</b>." in whole.text


async def test_call_that_could_be_made_is_rehearsed_and_nothing_is_sent(visit: Visitor) -> None:
    gw = visit.under
    issued = await gw.gateway.tokens.issue(name="<b>shop</b>", scopes=("ai:*", "model:gpt-*"))
    form = {"token": issued.token.id, "method": "POST", "model": "gpt-4o-mini"}

    crosses = (await visit.post("/explain", form)).text
    lacks = (await visit.post("/explain", {**form, "model": "small"})).text
    path = (await visit.post("/explain", {**form, "model": "", "method": "GET", "path": "/v1/models"})).text

    assert '<span class="pill ok">Crosses</span>' in crosses
    assert "&lt;b&gt;shop" in crosses
    assert "model:small" in lacks
    assert "give it the scope" in lacks
    assert "<code>GET /v1/models</code>" in path
    assert '<span class="pill ok">Crosses</span>' in path
    assert gw.sent == []


async def test_secret_stands_for_its_token_and_is_shown_nowhere(visit: Visitor) -> None:
    issued = await visit.under.gateway.tokens.issue(name="shop", scopes=("ai:*", "model:*"))

    page = (await visit.post("/explain", {"token": issued.secret, "model": "small"})).text

    assert '<span class="pill ok">Crosses</span>' in page
    assert f'href="/_tollbridge/tokens/{issued.token.id}"' in page
    assert issued.secret not in page


async def test_what_the_api_refuses_stands_with_what_was_typed(visit: Visitor) -> None:
    nobody = await visit.post("/explain", {"token": "", "model": "small"})
    unknown = await visit.post("/explain", {"token": "tok_0", "model": "small"})
    nowhere = await visit.post(
        "/explain", {"token": (await visit.under.gateway.tokens.issue(name="t", scopes=("ai:*",))).token.id}
    )
    gone = await visit.get(f"/explain?id={ID}")

    assert nobody.status_code == 400
    assert "Name the token that would call." in nobody.text
    assert unknown.status_code == 400
    assert "There is no such token." in unknown.text
    assert 'value="tok_0"' in unknown.text
    assert nowhere.status_code == 400
    assert re.search(r'id="f-path"[^>]*aria-invalid="true"', nowhere.text)
    assert gone.status_code == 404
    assert "No call of that id is recorded" in gone.text
    assert ID in gone.text


async def test_whoever_may_not_explain_does_not_see_the_page(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", bridge="viewer"))

    page, home = await visit.get("/explain"), await visit.get("/")

    assert page.status_code == 403
    assert "admin:explain:read" in page.text
    assert 'href="/_tollbridge/explain"' not in home.text


@pytest.mark.parametrize(
    ("pasted", "told"),
    [
        (f"  {ID}\n", Told(ID)),
        (f"call_id={ID} outcome=refused", Told(ID)),
        ('{"error": {"message": "no", "type": "x", "code": "y"}}', Told("", "y", "no")),
        (f'{{"type": "error", "error": {{"type": "x", "message": "no"}}, "request_id": "{ID}"}}', Told(ID, "x", "no")),
        ('{"status": 403, "code": "scope_beyond", "detail": "no"}', Told("", "scope_beyond", "no")),
        ('{"error": {"status": "PERMISSION_DENIED", "message": "no"}}', Told("", "PERMISSION_DENIED", "no")),
        ('{"error": "no"}', Told("", "", "no")),
        ("[1]", Told()),
        ("{", Told()),
        ("}{", Told()),
        ("{" * 5_000 + "}" * 5_000, Told()),
        ("", Told()),
    ],
)
def test_refusals_of_every_dialect_are_read(pasted: str, told: Told) -> None:
    assert read_refusal(pasted) == told


@given(st.text(), st.text())
def test_id_is_found_in_any_text(before: str, after: str) -> None:
    found = read_refusal(f"{before} {ID} {after}")

    assert found.call.startswith("req_")
    assert isinstance(found.message, str)
