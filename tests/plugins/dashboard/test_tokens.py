"""Tokens by the dashboard: made, shown once, found, revoked."""

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import event
from tests.plugins.dashboard.conftest import Visitor

from tollbridge import EVERY_MODEL, TokenBudget, TokenLimits, Unavailable

GOOD = {"name": "checkout", "owner": "Payments", "scope": ["ai:chat", "model:*"], "expires": "90"}
EVIL = "<script>alert(1)</script>\"'&amp;"
SECRET = re.compile(r"tb_[A-Za-z0-9]{20,}")


async def make(visit: Visitor, **fields: object) -> str:
    reply = await visit.post("/tokens/new", {**GOOD, **fields})
    assert reply.status_code == 200, reply.text
    (secret,) = set(SECRET.findall(reply.text))
    return secret


async def only(visit: Visitor):
    (token,) = await visit.under.gateway.store.list_tokens()
    return token


async def test_secret_works_and_is_shown_once(visit) -> None:
    reply = await visit.post("/tokens/new", GOOD)
    (secret,) = set(SECRET.findall(reply.text))
    token = await only(visit)

    assert (await visit.under.chat("gpt-4o-mini", token=secret)).status_code == 200
    for path in ("/", "/tokens", f"/tokens/{token.id}/revoke", f"/tokens?q={secret[:12]}", "/tokens/new"):
        text = (await visit.get(path)).text
        assert secret not in text
        assert not SECRET.search(text)
    for line in (
        "export OPENAI_BASE_URL=http://gateway.test/v1",
        f"export OPENAI_API_KEY={secret}",
        "export ANTHROPIC_BASE_URL=http://gateway.test\n",
        f"export ANTHROPIC_API_KEY={secret}",
        "curl http://gateway.test/v1/chat/completions",
    ):
        assert line in reply.text


async def sent(visit: Visitor, path: str = "/tokens/new") -> str:
    """Give the key of a form that is shown."""
    found = re.search(r'name="sent" value="([^"]+)"', (await visit.get(path)).text)
    assert found
    return found[1]


async def test_page_with_the_secret_that_is_loaded_again_makes_no_other_token(visit) -> None:
    form = {**GOOD, "sent": await sent(visit)}
    first, again = await visit.post("/tokens/new", form), await visit.post("/tokens/new", form)
    token = await only(visit)

    assert SECRET.search(first.text)
    assert again.status_code == 200
    assert "made its token already" in again.text
    assert f"/tokens/{token.id}" in again.text
    assert not SECRET.search(again.text)


async def test_each_form_makes_a_token_of_its_own_also_one_filled_in_by_another_ones_address(visit) -> None:
    key = await sent(visit)
    other = await sent(visit, f"/tokens/new?name=a&sent={key}")

    assert other != key
    for one in (key, other, "", "x" * 22 + "!"):
        assert SECRET.search((await visit.post("/tokens/new", {**GOOD, "sent": one})).text)
    assert (await visit.under.gateway.store.count_tokens()).active == 4


async def test_form_that_was_refused_is_sent_again_under_its_key(visit) -> None:
    key = await sent(visit)
    wrong = [{"rpm": "x"}, {"scopes": "root:everything"}]

    for part in wrong:
        reply = await visit.post("/tokens/new", {**GOOD, "sent": key, **part})
        assert (reply.status_code, f'name="sent" value="{key}"' in reply.text) == (400, True)
    assert SECRET.search((await visit.post("/tokens/new", {**GOOD, "sent": key})).text)


async def test_key_of_a_form_is_of_whoever_sends_it(visit) -> None:
    form = {**GOOD, "sent": await sent(visit)}
    other = await Visitor(visit.under).sign_in_as(await visit.person("bob", bridge="platform-admin"))

    assert SECRET.search((await visit.post("/tokens/new", form)).text)
    assert SECRET.search((await other.post("/tokens/new", form)).text)


async def test_form_whose_token_is_not_known_is_not_taken_again(visit, monkeypatch) -> None:
    form = {**GOOD, "sent": await sent(visit)}

    async def fails(*args: object, **named: object) -> None:
        raise Unavailable("the store is away")

    with monkeypatch.context() as patched:
        patched.setattr(visit.under.gateway.store, "finish_once", fails)
        assert SECRET.search((await visit.post("/tokens/new", form)).text)
    visit.under.clock.advance(600)
    again = await visit.post("/tokens/new", form)

    assert again.status_code == 409
    assert "was sent already" in again.text
    assert await only(visit)


async def test_token_that_is_out_of_reach_by_now_is_not_named_again(visit) -> None:
    who = await visit.person("ada", bridge="viewer", blue="team-admin", red="team-admin")
    ada = await Visitor(visit.under).sign_in_as(who)
    form = {**GOOD, "scope": ["ai:chat", "model:*"], "team": "blue", "sent": await sent(ada)}
    assert SECRET.search((await ada.post("/tokens/new", form)).text)
    await visit.under.gateway.people.remove_membership(who.id, "blue")

    again = await ada.post("/tokens/new", {**form, "team": "red"})

    assert again.status_code == 409
    assert "checkout" not in again.text


async def test_form_makes_what_it_says(visit) -> None:
    await make(
        visit,
        scope=["ai:chat", "ai:embeddings"],
        models="gpt-*, small",
        scopes="service:shop:GET:* admin:tokens:read",
        budget="$1,250.50",
        rpm="60",
        tpm="0",
        expires="7",
    )

    token = await only(visit)

    assert token.scopes == (
        "ai:chat",
        "ai:embeddings",
        "service:shop:GET:*",
        "admin:tokens:read",
        "model:gpt-*",
        "model:small",
    )
    assert (token.name, token.owner) == ("checkout", "Payments")
    assert token.budget == TokenBudget(1_250_500_000_000, "month")
    assert token.limits == TokenLimits(requests_per_minute=60, tokens_per_minute=0)
    assert (token.expires_at - visit.under.clock.now()).days == 7


async def test_empty_limits_are_none_and_never_is_never(visit) -> None:
    await make(visit, expires="never")

    token = await only(visit)

    assert token.budget is None
    assert token.limits == TokenLimits()
    assert token.expires_at is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 101),
        ("name", "a\nb"),
        ("owner", "x" * 101),
        ("budget", "lots"),
        ("budget", "-1"),
        ("budget", "nan"),
        ("budget", "1e99"),
        ("rpm", "1.5"),
        ("rpm", "-3"),
        ("tpm", "²"),
        ("tpm", "99999999999"),
        ("scopes", "root:everything"),
        ("scopes", 'ai:"'),
        ("models", "gpt-4o-mini"),
    ],
)
async def test_error_stands_at_its_field_and_the_input_is_kept(visit, field, value) -> None:
    reply = await visit.post("/tokens/new", {**GOOD, "tpm": "77", field: value})

    assert reply.status_code == 400
    assert re.search(rf'id="f-{field}"[^>]*aria-describedby="h-{field}"[^>]*aria-invalid="true"', reply.text)
    assert f'<p class="wrong" id="h-{field}">' in reply.text
    assert 'value="Payments"' in reply.text or field == "owner"
    assert 'value="ai:chat" checked' in reply.text
    assert 'value="ai:embeddings" checked' not in reply.text
    assert (await visit.under.gateway.store.count_tokens()).active == 0


@pytest.mark.parametrize("scopes", [[], ["ai:chat"]])
async def test_token_that_opens_nothing_is_not_made(visit, scopes) -> None:
    reply = await visit.post("/tokens/new", {**GOOD, "scope": scopes})

    assert reply.status_code == 400
    assert (await visit.under.gateway.store.count_tokens()).active == 0


async def test_form_is_filled_in_from_the_address(visit) -> None:
    page = (await visit.get("/tokens/new?name=checkout&budget=600&scope=ai:embeddings&models=a,b&expires=7")).text
    plain = (await visit.get("/tokens/new")).text

    for part in ('value="checkout"', 'value="600"', 'value="ai:embeddings" checked', 'value="a,b"', '"7" selected'):
        assert part in page
    assert page.count(" checked") == 1
    assert plain.count(" checked") == 3
    assert '"90" selected' in plain


async def test_names_are_escaped_everywhere(visit) -> None:
    await make(visit, name=EVIL, owner=EVIL)
    token = await only(visit)
    await visit.under.chat("gpt-4o-mini", token=(await visit.under.gateway.tokens.issue(name=EVIL)).secret)

    pages = [
        await visit.get(path)
        for path in ("/", "/tokens", f"/tokens/{token.id}/revoke", "/tokens/new?name=" + EVIL.replace("&", "%26"))
    ]
    pages.append(await visit.get("/tokens?q=%3Cscript%3Ealert(1)"))
    pages.append(await visit.post("/tokens/new", {**GOOD, "name": EVIL, "budget": EVIL, "scopes": EVIL}))

    for page in pages:
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)" in page.text


async def test_revoking_needs_the_name_and_holds_at_once(visit) -> None:
    secret = await make(visit)
    token = await only(visit)
    path = f"/tokens/{token.id}/revoke"

    wrong = await visit.post(path, {"name": "Checkout"})
    assert wrong.status_code == 400
    assert 'value="Checkout"' in wrong.text
    assert (await visit.under.chat("gpt-4o-mini", token=secret)).status_code == 200

    right = await visit.post(path, {"name": "checkout"})
    assert right.status_code == 303
    assert (await visit.under.chat("gpt-4o-mini", token=secret)).status_code == 401
    listed = (await visit.get("/tokens")).text
    assert '<span class="pill bad">Revoked</span>' in listed
    assert path not in listed
    assert "revoked already" in (await visit.get(path)).text


@pytest.mark.parametrize("path", ["/tokens/tok_nobody/revoke", "/tokens/tok_nobody/used", "/nothing"])
async def test_what_is_not_there_is_404(visit, path) -> None:
    assert (await visit.get(path)).status_code == 404


async def names(visit: Visitor, path: str) -> tuple[list[str], str]:
    page = (await visit.get(path)).text
    older = re.search(r'rel="next" href="(\?[^"]*)"', page)
    link = f"/tokens{older[1]}".replace("&amp;", "&") if older else ""
    return re.findall(r"data-row><b>([^<]*)</b>", page), link


async def test_pages_hold_every_token_once(visit) -> None:
    wanted = [f"job-{i:03}" for i in range(60)]
    for name in wanted:
        await visit.under.gateway.tokens.issue(name=name)
        visit.under.clock.advance(1)

    found, path, pages = [], "/tokens", 0
    while path:
        some, path = await names(visit, path)
        found += some
        pages += 1

    assert found == wanted[::-1]
    assert pages == 3


async def test_search_and_state_narrow_the_list_and_stay_in_the_address(visit) -> None:
    issue = visit.under.gateway.tokens.issue
    for i in range(30):
        token = (await issue(name=f"job-{i:02}", owner="data" if i % 2 else "100%_sure")).token
        if i == 3:
            await visit.under.gateway.tokens.revoke(token.id)

    assert (await names(visit, "/tokens?q=job-07"))[0] == ["job-07"]
    assert (await names(visit, "/tokens?q=JOB-07"))[0] == ["job-07"]
    assert (await names(visit, "/tokens?state=revoked"))[0] == ["job-03"]
    assert len((await names(visit, "/tokens?q=100%25_"))[0]) == 15
    assert (await names(visit, "/tokens?q=nobody"))[0] == []
    assert len((await names(visit, "/tokens?state=nonsense"))[0]) == 25
    _, older = await names(visit, "/tokens?q=job&state=active")
    assert "q=job" in older
    assert "state=active" in older
    assert len((await names(visit, older))[0]) == 4


async def test_views_hold_just_the_tokens_that_need_somebody(mock) -> None:
    visit = await Visitor(mock(budgets={"unpriced": "allow", "token_monthly_usd": "0.0009"})).sign_in()
    gw, soon = visit.under, visit.under.clock.now() + timedelta(days=7)
    for name, budget, ends in (
        ("over", TokenBudget(450_000, "day"), None),
        ("near", TokenBudget(500_000, "total"), None),
        ("half", None, soon + timedelta(minutes=1)),  # of the default
        ("free", TokenBudget(0), soon),
    ):
        issued = await gw.gateway.tokens.issue(name=name, scopes=EVERY_MODEL, budget=budget, expires_at=ends)
        await gw.chat("gpt-4o-mini", token=issued.secret, max_tokens=10)  # 450,000 nano-dollars
        gw.clock.advance(0.001)

    assert (await names(visit, "/tokens?state=over-budget"))[0] == ["over"]
    assert (await names(visit, "/tokens?state=near-budget"))[0] == ["near"]
    assert (await names(visit, "/tokens?state=ending"))[0] == ["free"]
    page = (await visit.get("/tokens")).text
    assert "Over budget <small>1</small>" in page
    assert "Ends soon <small>1</small>" in page
    spent = re.findall(
        r'budget"><data value="([^"]*)">\S+ / ([^<]+)</data>\s*(?:<small class="note">(.*?)</small>)?\s*<svg', page
    )
    assert spent == [
        ("0", "$0.00", ""),
        ("0.00045", "$0.0009", ""),
        ("0.00045", "$0.0005", "in all"),
        ("0.00045", "$0.00045", "today"),
    ]
    assert [page.count(f'class="meter {tone}"') for tone in ("bad", "warn", "fine")] == [1, 1, 2]
    assert re.findall(r'"Status"><span class="pill \w+">([\w ]+)</span>', page) == [
        "Ends soon",
        "Active",
        "Near budget",
        "Over budget",
    ]


async def test_disabled_tokens_have_a_view(visit) -> None:
    tokens = visit.under.gateway.tokens
    issued = await tokens.issue(name="paused")
    visit.under.clock.advance(1)
    await tokens.issue(name="running")
    assert "Disabled <small>0</small>" in (await visit.get("/tokens")).text
    await tokens.disable(issued.token.id)

    page = (await visit.get("/tokens")).text

    assert "Disabled <small>1</small>" in page
    assert re.findall(r'"Status"><span class="pill \w+">([\w ]+)</span>', page) == ["Active", "Disabled"]
    assert (await names(visit, "/tokens?state=disabled"))[0] == ["paused"]
    assert f"/tokens/{issued.token.id}/revoke" in page
    await tokens.enable(issued.token.id)
    assert (await names(visit, "/tokens?state=disabled"))[0] == []


async def test_views_are_paged_too(visit) -> None:
    soon = visit.under.clock.now() + timedelta(days=3)
    wanted = [f"job-{i:03}" for i in range(30)]
    for name in wanted:
        await visit.under.gateway.tokens.issue(name=name, expires_at=soon)
        await visit.under.gateway.tokens.issue(name="lasting")
        visit.under.clock.advance(1)

    first, older = await names(visit, "/tokens?state=ending")
    second, end = await names(visit, older)

    assert first + second == wanted[::-1]
    assert end == ""


async def test_token_without_a_budget_says_so(visit) -> None:
    await make(visit)

    page = (await visit.get("/tokens")).text

    assert 'budget">no budget' in page
    assert "US dollars; empty is none." in (await visit.get("/tokens/new")).text


async def test_first_call_ends_the_wait(visit) -> None:
    secret = await make(visit)
    token = await only(visit)
    path = f"/tokens/{token.id}/used"

    before = (await visit.get(path)).json()
    await visit.under.chat("gpt-4o-mini", token=secret)

    assert before == {"used": False}
    async with asyncio.timeout(30):  # a use is written soon
        while not (await visit.get(path)).json()["used"]:
            await asyncio.sleep(0.02)


async def test_odd_bodies_are_refused(visit) -> None:
    client = await visit.under.client()
    cookie = "; ".join(f"{name}={value}" for name, value in visit.cookies.items())
    base = {"cookie": cookie, "sec-fetch-site": "same-origin"}
    form = {**base, "content-type": "application/x-www-form-urlencoded"}

    async def status(headers: dict[str, str], body: bytes) -> int:
        return (await client.post("/_tollbridge/tokens/new", headers=headers, content=body)).status_code

    assert await status({**base, "content-type": "application/json"}, b"{}") == 415
    assert await status(form, b"name=" + b"x" * 70_000) == 413
    assert await status(form, b"&".join(b"a=b" for _ in range(300))) == 400
    assert await status(form, "name=é".encode()) == 400
    assert await status(form, b"name=%ff") == 400


async def test_what_was_done_here_is_in_the_audit_log(visit) -> None:
    await make(visit)
    token = await only(visit)
    await visit.post(f"/tokens/{token.id}/revoke", {"name": token.name})

    records = await visit.under.gateway.store.list_audit(action="token.")

    assert [(one.action, one.target) for one in records] == [("token.revoke", token.id), ("token.issue", token.id)]
    assert {(one.actor.id, one.actor.via, one.actor.client) for one in records} == {
        ("operator", "dashboard", "127.0.0.1")
    }


async def owned(visit: Visitor, name: str = "ada", role: str = "consumer", **more: str) -> str:
    """Have somebody in the team blue make a token there; gives its id."""
    gateway = visit.under.gateway
    person = await visit.person(name, blue=role, **more)
    holder = await gateway.people.holder_of(person.id, "blue")
    issued = await gateway.tokens.issue(name=f"{name}s", scopes=["ai:chat"], owner=person.id, minter=holder)
    await visit.under.chat("gpt-4o-mini", token=issued.secret)
    return issued.token.id


async def test_person_who_owns_a_token_is_shown_by_name(visit) -> None:
    id = await owned(visit)
    await visit.under.gateway.tokens.issue(name="other", owner="Payments")

    for path in ("/tokens", f"/tokens/{id}/revoke", "/"):
        page = (await visit.get(path)).text
        assert '<span title="ada@example.com">Ada</span>' in page, path
        assert "per_" not in page, path
    assert 'data-label="Owner">Payments' in (await visit.get("/tokens")).text


@pytest.mark.parametrize(("role", "sees"), [("viewer", True), ("team-admin", True), ("service-developer", False)])
async def test_address_of_an_owner_is_for_who_may_see_people(mock, role, sees) -> None:
    visitor = Visitor(mock())
    await owned(visitor)
    bob = await visitor.person("bob", blue=role)
    await visitor.sign_in_as(bob)

    page = (await visitor.get("/tokens")).text

    assert re.search(r'data-label="Owner">(<span[^>]*>)?Ada', page)
    assert ("ada@example.com" in page) is sees


async def test_owners_of_a_page_are_asked_for_at_once(visit) -> None:
    for name in ("ada", "bob", "eve"):
        await owned(visit, name)
    asked = []
    sql = await visit.under.gateway.store._sql()
    event.listen(sql._engine.sync_engine, "before_cursor_execute", lambda *said: asked.append(said[2]))

    await visit.get("/tokens")

    assert len([one for one in asked if "FROM person" in one]) == 1


async def test_first_token_is_offered_where_somebody_may_make_one(mock) -> None:
    visitor = Visitor(mock())
    bob = await visitor.person("bob", blue="team-admin", red="viewer")
    await visitor.sign_in_as(bob)

    pages = {team: (await visitor.get(f"/tokens?team={team}")).text for team in ("blue", "red")}

    assert 'href="/_tollbridge/tokens/new?team=blue">Make the first one' in pages["blue"]
    assert "There is no token yet." in pages["red"]
    assert "Make the first one" not in pages["red"]


async def test_whoever_may_see_nothing_here_is_led_to_what_is_theirs(mock) -> None:
    visitor = Visitor(mock())
    await visitor.sign_in_as(await visitor.person("eve", blue="consumer"))

    page = await visitor.get("/")

    assert page.status_code == 303
    assert (await visitor.get(page.headers["location"].removeprefix("/_tollbridge"))).status_code == 200
