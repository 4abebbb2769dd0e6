"""The page of one token, and all that is done with it there."""

import asyncio
import re
from datetime import timedelta

import pytest
from tests.plugins.dashboard.test_tokens import SECRET, make, only
from tests.support.visiting import PREFIX, Visitor

from tollbridge import TokenLimits
from tollbridge.tokens.conditions import Conditions

EVIL = "<script>alert(1)</script>\"'&amp;"


async def hidden(visit: Visitor, path: str) -> dict[str, str]:
    """Give the hidden fields of a form that is shown."""
    page = (await visit.get(path)).text
    return {
        name: value.replace("&#34;", '"')
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    }


async def test_page_says_what_there_is_to_know(visit: Visitor) -> None:
    await make(
        visit, budget="25", period="day", rpm="1000", networks="10.0.0.0/8", hours="mon-fri 08:00-18:00 UTC", tags="a b"
    )
    token = await only(visit)

    page = (await visit.get(f"/tokens/{token.id}")).text

    for part in ("checkout", "Payments", token.id, token.hint, "$0.00 / $25.00", "today", "1,000", "10.0.0.0/8"):
        assert part in page, part
    assert "mon-fri 08:00-18:00 UTC" in page
    assert '<span class="tag">a</span>' in page
    assert "It was never used" in page
    assert "$TOLLBRIDGE_TOKEN" in page
    assert not SECRET.search(page)
    for what in ("edit", "rotate", "extend", "revoke", "disable"):
        assert f"{PREFIX}/tokens/{token.id}/{what}" in page


async def test_token_that_was_used_shows_from_where_and_no_first_call(visit: Visitor) -> None:
    await make(visit)
    token = await only(visit)
    store = visit.under.gateway.store
    store.touch(token.id, visit.under.clock.now(), "192.0.2.9", "ai:chat")
    async with asyncio.timeout(30):  # a use is written soon
        while (await store.get_token(token.id)).last_used_at is None:
            await asyncio.sleep(0.02)

    page = (await visit.get(f"/tokens/{token.id}")).text

    assert "from 192.0.2.9" in page
    assert "It was never used" not in page


async def test_tokens_that_it_made_and_the_one_that_made_it_are_links(visit: Visitor) -> None:
    await make(visit, scopes="admin:tokens:write")
    parent = await only(visit)
    principal = await visit.under.gateway.store.find_holder(parent.id)
    child = await visit.under.gateway.tokens.issue(name="below", scopes=["ai:chat"], minter=principal)

    above, below = await visit.get(f"/tokens/{parent.id}"), await visit.get(f"/tokens/{child.token.id}")
    listed = (await visit.get(f"/tokens?parent={parent.id}")).text

    assert f'href="{PREFIX}/tokens/{child.token.id}" data-row' in above.text
    assert f'href="{PREFIX}/tokens/{parent.id}"><bdi>checkout' in below.text
    assert "below" in listed
    assert ">checkout<" not in listed


async def test_change_holds_unless_somebody_else_changed_it_meanwhile(visit: Visitor) -> None:
    await make(visit, budget="25", tags="a", hours="mon-fri 08:00-18:00 UTC")
    token = await only(visit)
    path = f"/tokens/{token.id}/edit"
    page = (await visit.get(path)).text
    fields = {
        "name": "till",
        "scopes": "ai:chat model:a",
        "rpm": "5",
        "networks": "192.0.2.1",
        **(await hidden(visit, path)),
    }

    first = await visit.post(path, fields)
    second = await visit.post(path, {**fields, "name": "other"})

    changed = await only(visit)
    for part in ('value="checkout"', 'value="25"', 'value="a"', 'value="mon-fri 08:00-18:00 UTC"'):
        assert part in page
    assert (first.status_code, first.headers["location"]) == (303, f"{PREFIX}/tokens/{token.id}?said=changed")
    assert second.status_code == 400
    assert "changed since" in second.text
    assert (changed.name, changed.scopes, changed.budget) == ("till", ("ai:chat", "model:a"), None)
    assert changed.limits == TokenLimits(requests_per_minute=5)
    assert changed.conditions == Conditions(("192.0.2.1/32",), "")
    assert changed.tags == ()
    assert "The change holds" in (await visit.get(f"/tokens/{token.id}?said=changed")).text


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("scopes", "root:all"), ("budget", "x"), ("rpm", "-1"), ("networks", "nowhere"), ("hours", "often")],
)
async def test_what_cannot_be_changed_so_stands_beside_its_field(visit: Visitor, field: str, value: str) -> None:
    await make(visit)
    path = f"/tokens/{(await only(visit)).id}/edit"

    reply = await visit.post(path, {"name": "a", "scopes": "ai:chat", "tpm": "77", field: value})

    assert reply.status_code == 400
    assert re.search(rf'id="f-{field}"[^>]*aria-invalid="true"', reply.text)
    assert 'value="77"' in reply.text
    assert (await only(visit)).name == "checkout"


async def test_new_secret_is_shown_once_and_both_are_known_until_the_old_one_ends(visit: Visitor) -> None:
    old = await make(visit)
    token = await only(visit)
    path = f"/tokens/{token.id}/rotate"
    form = {"overlap_s": "86400", **(await hidden(visit, path))}

    first, again = await visit.post(path, form), await visit.post(path, form)

    (new,) = set(SECRET.findall(first.text))
    page = (await visit.get(f"/tokens/{token.id}")).text
    assert '"86400" selected' in (await visit.get(path)).text
    assert new != old
    assert [(await visit.under.chat("gpt-4o-mini", token=one)).status_code for one in (old, new)] == [200, 200]
    assert again.status_code == 409
    assert not SECRET.search(again.text)
    assert "one is being replaced" in page
    assert "6 Jan 2026, 12:00" in page
    visit.under.clock.advance(86_400)
    assert [(await visit.under.chat("gpt-4o-mini", token=one)).status_code for one in (old, new)] == [401, 200]


async def test_third_secret_is_refused_with_the_reason_and_the_form_can_be_sent_again(visit: Visitor) -> None:
    await make(visit)
    path = f"/tokens/{(await only(visit)).id}/rotate"
    await visit.post(path, {"overlap_s": "86400"})
    form = {"overlap_s": "86400", **(await hidden(visit, path))}

    refused = await visit.post(path, form)
    now = await visit.post(path, {**form, "overlap_s": "0"})

    assert refused.status_code == 400
    assert 'role="alert"' in refused.text
    assert now.status_code == 200
    assert SECRET.search(now.text)


@pytest.mark.parametrize("overlap", ["", "99", "x"])
async def test_overlap_that_is_not_offered_is_refused(visit: Visitor, overlap: str) -> None:
    await make(visit)
    path = f"/tokens/{(await only(visit)).id}/rotate"

    reply = await visit.post(path, {"overlap_s": overlap})

    assert reply.status_code == 400
    assert not SECRET.search(reply.text)


async def test_secret_of_a_token_that_was_changed_meanwhile_is_not_made(visit: Visitor) -> None:
    await make(visit)
    path = f"/tokens/{(await only(visit)).id}/rotate"
    form = {"overlap_s": "0", **(await hidden(visit, path))}
    await visit.post(path.replace("rotate", "disable"))

    reply = await visit.post(path, form)

    assert reply.status_code == 400
    assert "changed since" in reply.text


async def test_token_is_switched_off_and_on(visit: Visitor) -> None:
    secret = await make(visit)
    token = await only(visit)

    off = await visit.post(f"/tokens/{token.id}/disable")
    refused = await visit.under.chat("gpt-4o-mini", token=secret)
    page = (await visit.get(f"/tokens/{token.id}")).text
    await visit.post(f"/tokens/{token.id}/enable")

    assert off.headers["location"].endswith("?said=disabled")
    assert refused.status_code == 401
    assert '<span class="pill off">Disabled</span>' in page
    assert f"/tokens/{token.id}/enable" in page
    assert (await visit.under.chat("gpt-4o-mini", token=secret)).status_code == 200
    assert (await visit.post(f"/tokens/{token.id}/explode")).status_code == 404


async def test_token_ends_later_when_that_is_chosen(visit: Visitor) -> None:
    await make(visit, expires="7")
    token = await only(visit)
    path = f"/tokens/{token.id}/extend"

    wrong = await visit.post(path, {"expires": "9999"})
    later = await visit.post(path, {"expires": "365", **(await hidden(visit, path))})
    ends = (await only(visit)).expires_at
    never = await visit.post(path, {"expires": "never"})

    assert (wrong.status_code, later.status_code, never.status_code) == (400, 303, 303)
    assert ends == visit.under.clock.now() + timedelta(days=365)
    assert (await only(visit)).expires_at is None


async def test_end_of_a_revoked_token_is_not_moved_and_the_page_says_why(visit: Visitor) -> None:
    await make(visit)
    token = await only(visit)
    await visit.under.gateway.tokens.revoke(token.id)

    extended = await visit.post(f"/tokens/{token.id}/extend", {"expires": "7"})
    page = (await visit.get(f"/tokens/{token.id}")).text

    assert extended.status_code == 400
    assert 'role="alert"' in extended.text
    assert f"/tokens/{token.id}/edit" not in page


async def test_ticked_tokens_are_revoked_together_once_their_number_is_typed(visit: Visitor) -> None:
    ids = []
    for name in ("a", "b", "kept"):
        ids.append((await visit.under.gateway.tokens.issue(name=name)).token.id)
    query = f"id={ids[0]}&id={ids[1]}"

    listed = (await visit.get("/tokens")).text
    asked = (await visit.get(f"/tokens/revoke?{query}")).text
    wrong = await visit.post("/tokens/revoke", {"id": ids[:2], "name": "3"})
    done = await visit.post("/tokens/revoke", {"id": ids[:2], "name": "2"})

    assert listed.count('form="picked"') == 3
    assert all(f'name="id" value="{id}"' in asked for id in ids[:2])
    assert ids[2] not in asked
    assert wrong.status_code == 400
    assert "not how many" in wrong.text
    assert done.status_code == 303
    states = [(await visit.under.gateway.store.get_token(id)).state for id in ids]
    assert states == ["revoked", "revoked", "active"]


async def test_what_cannot_be_revoked_is_said_and_left(visit: Visitor) -> None:
    id = (await visit.under.gateway.tokens.issue(name="a")).token.id

    none = await visit.get("/tokens/revoke")
    done = await visit.post("/tokens/revoke", {"id": [id, "tok_nobody"], "name": "2"})

    assert "No token that can be revoked is ticked" in none.text
    assert done.status_code == 400
    assert "out of your reach" in done.text
    assert (await visit.under.gateway.store.get_token(id)).state == "revoked"


async def test_names_are_text_on_every_page_of_a_token(visit: Visitor) -> None:
    made = await visit.under.gateway.tokens.issue(name=EVIL, owner=EVIL, metadata={"note": EVIL})
    path = f"/tokens/{made.token.id}"

    for page in (
        path,
        f"{path}/edit",
        f"{path}/rotate",
        f"{path}/extend",
        f"{path}/revoke",
        f"/tokens/revoke?id={made.token.id}",
    ):
        text = (await visit.get(page)).text
        assert "<script>alert" not in text, page
        assert "&lt;script&gt;alert(1)" in text, page


async def test_list_is_there_as_csv_with_what_the_page_leaves_out(visit: Visitor) -> None:
    await make(visit, name="=1+1", budget="25")
    token = await only(visit)

    head, row = (await visit.get("/tokens?format=csv")).text.lstrip("\ufeff").splitlines()

    assert head.startswith("name,id,owner,team,scopes,status,spent_usd,budget_usd,budget_period,requests_per_minute")
    assert row.startswith(f"'=1+1,{token.id},Payments,,ai:chat model:*,active,0,25,month,")


async def test_whoever_sees_a_token_alone_is_offered_nothing_and_changes_nothing(visit: Visitor) -> None:
    team = await visit.person("bob", blue="viewer", red="team-admin")
    bob = await Visitor(visit.under).sign_in_as(team)
    id = (await visit.under.gateway.tokens.issue(name="blues", team="blue")).token.id

    page = await bob.get(f"/tokens/{id}")

    assert page.status_code == 200
    assert 'class="acts"' not in page.text
    assert 'form="picked"' not in (await bob.get("/tokens?team=blue")).text
    for what in ("edit", "rotate", "extend", "revoke"):
        assert (await bob.get(f"/tokens/{id}/{what}")).status_code == 404
    for what in ("edit", "rotate", "extend", "revoke", "disable"):
        assert (await bob.post(f"/tokens/{id}/{what}", {"name": "blues", "overlap_s": "0"})).status_code == 404
    assert (await visit.under.gateway.store.get_token(id)).state == "active"
