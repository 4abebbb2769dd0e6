"""The page that asks a person, and where they are sent back to: the exact address, or nowhere."""

import html
import re
from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from tests.plugins.oauth.redirects import LOOPBACK, NEARLY
from tests.support.programs import BACK, CHALLENGE, ISSUER, Program, fields, program, told
from tests.support.visiting import Visitor

from tollbridge.authorizing import AuthMethod, GrantType
from tollbridge.browsing import LANGUAGE, SESSION
from tollbridge.testing import GatewayUnderTest

Makes = Callable[..., GatewayUnderTest]


async def grants(visitor: Visitor) -> list[tuple[str, tuple[str, ...]]]:
    """Give the grants there are, oldest first: by which team, and what of."""
    tokens = await visitor.under.gateway.store.list_tokens()
    return [(token.team, token.scopes) for token in reversed(tokens) if token.id.startswith("grant_")]


async def test_whoever_is_not_signed_in_signs_in_first_and_comes_back(notes: Program) -> None:
    notes.visitor.cookies.clear()

    reply = await notes.send()

    path = f"/_tollbridge/oauth/authorize?{notes.wish()}"
    assert told(reply) == {"next": path}
    assert reply.headers["location"].startswith("/_tollbridge/sign-in?")


async def test_page_says_who_asks_for_what_and_in_which_team(notes: Program) -> None:
    page = await notes.send(scope="ai:chat model:* service:shop:GET:* model:gpt-4")

    assert page.status_code == 400 or page.status_code == 303  # beyond the client's own: it is told at once
    assert told(page)["error"] == "invalid_scope"
    page = await notes.send(scope="ai:chat model:gpt-* model:gpt-4 model:*")
    assert page.status_code == 200
    for words in ("Notes", "ada@example.com", "blue", "consumer", BACK, "call models, for chat", "use every model"):
        assert words in page.text
    assert "use models whose names fit gpt-*" in page.text
    assert "use the model gpt-4" in page.text


async def test_person_who_agrees_is_sent_back_with_a_code_state_and_issuer(notes: Program) -> None:
    page = await notes.send()

    reply = await notes.agree(page)

    found = told(reply)
    assert reply.headers["location"].startswith(f"{BACK}?code=tb_")
    assert {**found, "code": ""} == {"code": "", "state": "s t&ate", "iss": ISSUER}
    assert await grants(notes.visitor) == [("blue", ("ai:chat", "model:gpt-*"))]
    (record,) = await notes.visitor.under.gateway.store.list_audit(action="grant.add")
    (person,) = await notes.visitor.under.gateway.people.list_people()
    assert (record.actor.id, record.actor.via) == (person.id, "oauth")


async def test_person_who_says_no_is_sent_back_with_that(notes: Program) -> None:
    page = await notes.send()

    reply = await notes.agree(page, answer="deny")

    found = told(reply)
    assert (found["error"], found["state"], found["iss"]) == ("access_denied", "s t&ate", ISSUER)
    assert await grants(notes.visitor) == []


async def test_address_with_a_query_of_its_own_keeps_it(visitor: Visitor) -> None:
    back = "https://app.example/done?tenant=1&x=%20"
    notes = await program(visitor, redirect_uris=(back,))

    reply = await notes.agree(await notes.send(redirect_uri=back))

    assert reply.headers["location"].startswith("https://app.example/done?tenant=1&x=")
    assert told(reply)["tenant"] == "1"


async def test_nobody_is_sent_to_an_address_that_is_almost_the_registered_one(notes: Program) -> None:
    assert len(NEARLY) >= 60
    native = await program(notes.visitor, redirect_uris=("http://127.0.0.1/done",))

    for asking, uris in ((notes, NEARLY), (native, LOOPBACK)):
        for uri in uris:
            reply = await asking.send(redirect_uri=uri)

            assert (uri, reply.status_code) == (uri, 400)
            assert "location" not in reply.headers
            assert "evil.test" not in reply.text


async def test_nobody_is_sent_anywhere_unless_client_and_address_are_known(notes: Program) -> None:
    wrong: list[dict[str, str | None]] = [
        {"client_id": None},
        {"client_id": "client_0"},
        {"client_id": "x" * 3_000},
        {"client_id": "\x00'\""},
        {"redirect_uri": None},
        {"client_id": "client_0", "response_type": "nonsense", "scope": None},
        {"redirect_uri": "https://evil.test", "response_type": "token", "code_challenge": None},
    ]

    for changes in wrong:
        reply = await notes.send(**changes)

        assert (reply.status_code, "location" in reply.headers) == (400, False)


async def test_query_that_reads_in_two_ways_leads_nowhere(notes: Program) -> None:
    good = notes.wish()
    for query in (
        f"{good}&redirect_uri={quote('https://evil.test')}",
        f"{good}&client_id=client_0",
        f"{good}&state=%ff",
        f"{good}&state=\xff",
        f"{good}&x=" + "1" * 4_000,
    ):
        reply = await notes.visitor.get(f"/oauth/authorize?{query}")

        assert (reply.status_code, "location" in reply.headers) == (400, False)


async def test_what_else_is_wrong_is_told_to_the_program(notes: Program) -> None:
    wrong: list[tuple[str, dict[str, str | None]]] = [
        ("unsupported_response_type", {"response_type": "token"}),
        ("unsupported_response_type", {"response_type": None}),
        ("unsupported_response_type", {"response_type": "code\"'é"}),
        ("invalid_scope", {"scope": None}),
        ("invalid_scope", {"scope": "openid profile"}),
        ("invalid_scope", {"scope": "ai:chat admin:*"}),
        ("invalid_request", {"code_challenge": None}),
        ("invalid_request", {"code_challenge_method": None}),
        ("invalid_request", {"code_challenge_method": "plain"}),
        ("invalid_request", {"code_challenge": "short"}),
        ("invalid_request", {"code_challenge": f"{CHALLENGE}\n"}),
        ("invalid_target", {"resource": "https://elsewhere.example"}),
    ]

    for error, changes in wrong:
        found = told(await notes.send(**changes))

        assert (changes, found["error"], found["state"], found["iss"]) == (changes, error, "s t&ate", ISSUER)
        assert ("send code_challenge_method=S256" in found["error_description"]) is (error == "invalid_request")
    for resource in (ISSUER, f"{ISSUER}/"):
        assert (await notes.send(resource=resource)).status_code == 200


async def test_client_that_sends_nobody_is_told_so(visitor: Visitor) -> None:
    notes = await program(visitor, grants=(GrantType.CLIENT_CREDENTIALS,), redirect_uris=())

    reply = await notes.send()

    assert (reply.status_code, "location" in reply.headers) == (400, False)


async def test_client_that_is_off_is_unknown(notes: Program) -> None:
    await notes.visitor.under.gateway.clients.disable(notes.id)

    reply = await notes.send()

    assert (reply.status_code, "location" in reply.headers) == (400, False)


async def test_person_is_asked_once_and_again_only_for_more(notes: Program) -> None:
    await notes.code()

    same = await notes.send()
    less = await notes.send(scope="model:gpt-4")
    more = await notes.send(scope="ai:chat model:*")
    await notes.agree(more)
    then = await notes.send(scope="ai:chat model:*")

    assert [reply.status_code for reply in (same, less, more, then)] == [303, 303, 200, 303]
    assert await grants(notes.visitor) == [("blue", ("ai:chat", "model:gpt-*", "model:*"))]


async def test_grant_that_ended_is_asked_for_again(notes: Program) -> None:
    await notes.code()
    gateway = notes.visitor.under.gateway
    (grant,) = [token for token in await gateway.store.list_tokens() if token.id.startswith("grant_")]

    await gateway.tokens.revoke(grant.id)

    assert (await notes.send()).status_code == 200


async def test_grant_that_was_switched_off_is_not_made_anew(notes: Program) -> None:
    await notes.code()
    gateway = notes.visitor.under.gateway
    (grant,) = [token for token in await gateway.store.list_tokens() if token.id.startswith("grant_")]
    await gateway.tokens.disable(grant.id)

    reply = await notes.agree(await notes.send())

    assert told(reply)["error"] == "access_denied"
    assert len(await grants(notes.visitor)) == 1


async def test_trusted_client_is_not_asked_about(visitor: Visitor) -> None:
    notes = await program(visitor, trusted=True)

    reply = await notes.send()

    assert "code" in told(reply)
    assert await grants(visitor) == [("blue", ("ai:chat", "model:gpt-*"))]


async def test_program_on_a_persons_own_machine_is_always_asked_about(visitor: Visitor) -> None:
    back = "http://127.0.0.1:4000/done"
    native = await program(
        visitor,
        trusted=True,
        auth_method=AuthMethod.NONE,
        grants=(GrantType.AUTHORIZATION_CODE,),
        redirect_uris=("http://127.0.0.1/done", "http://[::1]/done", "https://127.0.0.1:8443/done"),
    )
    await native.code(redirect_uri=back)

    again = await native.send(redirect_uri=back)
    six = await native.send(redirect_uri="http://[::1]:4000/done")

    by_tls = await native.send(redirect_uri="https://127.0.0.1:8443/done")

    assert again.status_code == six.status_code == by_tls.status_code == 200
    assert "form-action 'self' http://127.0.0.1:4000;" in again.headers["content-security-policy"]
    assert "form-action 'self' http:;" in six.headers["content-security-policy"]


async def test_public_client_at_localhost_is_sent_back_to_any_port_of_it_and_asked_about(visitor: Visitor) -> None:
    native = await program(
        visitor,
        trusted=True,
        auth_method=AuthMethod.NONE,
        grants=(GrantType.AUTHORIZATION_CODE,),
        redirect_uris=("http://localhost/callback",),
    )

    code = await native.code(redirect_uri="http://localhost:4000/callback")
    again = await native.send(redirect_uri="http://localhost:4000/callback")
    elsewhere = await native.send(redirect_uri="http://127.0.0.1:4000/callback")

    assert code
    assert (again.status_code, elsewhere.status_code) == (200, 400)
    assert "form-action 'self' http://localhost:4000;" in again.headers["content-security-policy"]


async def test_person_of_several_teams_chooses_and_lends_what_that_membership_has(visitor: Visitor) -> None:
    gateway = visitor.under.gateway
    (person,) = await gateway.people.list_people()
    await gateway.people.teams.add(name="red", title="Red")
    await gateway.people.set_membership(person.id, "red", "consumer")
    await gateway.people.teams.add(name="grey", title="Grey")
    await gateway.people.set_membership(person.id, "grey", "viewer")
    notes = await program(visitor)

    page = await notes.send()
    lent = await notes.redeem(told(await notes.agree(page, team="red"))["code"])
    grey = await notes.agree(page, team="grey")

    assert 'value="red"' in page.text
    assert 'value="blue"' in page.text
    assert "grey" not in page.text  # a viewer calls nothing, so there is nothing to lend
    principal = await gateway.tokens.identify(lent.json()["access_token"].encode())
    assert principal is not None
    assert principal.team == "red"
    assert told(grey)["error"] == "access_denied"
    assert (await notes.send()).status_code == 303  # one of both is remembered


async def test_client_of_a_team_is_lent_to_in_that_team_alone(visitor: Visitor) -> None:
    gateway = visitor.under.gateway
    (person,) = await gateway.people.list_people()
    await gateway.people.teams.add(name="red", title="Red")
    await gateway.people.set_membership(person.id, "red", "consumer")
    red, grey = await program(visitor, team="red"), await program(visitor, team="grey")

    page = await red.send()

    assert 'name="team" value="red"' in page.text
    assert "blue" not in page.text
    assert told(await grey.send())["error"] == "invalid_scope"


async def test_person_lends_no_more_than_they_hold(visitor: Visitor) -> None:
    notes = await program(visitor, scopes=("ai:*", "model:*", "admin:tokens:write"))

    found = told(await notes.send(scope="admin:tokens:read"))

    assert (found["error"], found["state"]) == ("invalid_scope", "s t&ate")


async def test_what_changes_what_others_may_do_asks_who_it_is_again(visitor: Visitor) -> None:
    admin = await visitor.person("eve", blue="team-admin")
    notes = await program(await visitor.sign_in_as(admin), scopes=("admin:tokens:write",))
    page = await notes.send(scope="admin:tokens:write")
    visitor.under.clock.advance(16 * 60)

    reply, posted = await notes.send(scope="admin:tokens:write"), await notes.agree(page)

    assert 'class="grave"' in page.text
    assert "see and change tokens" in page.text
    assert reply.headers["location"].startswith("/_tollbridge/sign-in/again?next=")
    assert (posted.status_code, "location" in posted.headers) == (400, False)


async def test_operator_who_came_by_a_link_lends_nothing(notes: Program) -> None:
    notes.visitor.cookies.clear()
    await notes.visitor.sign_in()

    reply = await notes.send()

    assert (reply.status_code, "location" in reply.headers) == (400, False)
    (link,) = re.findall(r'href="([^"]*)">Sign in as a person', reply.text)
    (back,) = parse_qs(urlsplit(html.unescape(link)).query)["next"]
    assert urlsplit(back)._replace(query="").geturl() == "/_tollbridge/oauth/authorize"
    await notes.visitor.sign_in_as(await notes.visitor.person("ann", blue="consumer"))
    assert "This cannot go on" not in (await notes.visitor.get(back.removeprefix("/_tollbridge"))).text


async def test_nothing_is_agreed_to_for_another_site_or_without_the_page(notes: Program) -> None:
    page = await notes.send()
    form = {**fields(page), "answer": "agree"}

    for site in ("cross-site", "same-site", None):
        assert (await notes.visitor.post("/oauth/authorize", form, site=site)).status_code == 403
    other = await notes.visitor.post("/oauth/authorize", form, site=None, origin="https://evil.test")
    assert other.status_code == 403
    assert (await notes.agree(page, who="")).status_code == 400
    assert (await notes.agree(page, request="")).status_code == 400
    assert (await notes.agree(page, team="red")).status_code == 303
    assert await grants(notes.visitor) == []


async def test_page_of_one_person_is_not_answered_by_another(notes: Program) -> None:
    page = await notes.send()
    await notes.visitor.sign_in_as(await notes.visitor.person("eve", blue="consumer"))

    reply = await notes.agree(page)
    notes.visitor.cookies.pop(SESSION)
    nobody = await notes.agree(page)

    assert (reply.status_code, nobody.status_code) == (400, 400)
    assert await grants(notes.visitor) == []


async def test_form_is_checked_again_in_full(notes: Program) -> None:
    page = await notes.send()

    for changes in ({"redirect_uri": "https://evil.test"}, {"client_id": "client_0"}):
        reply = await notes.agree(page, request=notes.wish(**changes))
        assert (reply.status_code, "location" in reply.headers) == (400, False)
    beyond = await notes.agree(page, request=notes.wish(scope="admin:*"))
    assert told(beyond)["error"] == "invalid_scope"
    assert await grants(notes.visitor) == []


async def test_page_stands_in_no_frame_and_runs_nothing_that_a_client_is_called(visitor: Visitor) -> None:
    name = "<script>alert(1)</script>'\"&"
    notes = await program(visitor, name=name)

    page = await notes.send()

    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://app.example;" in policy
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"
    assert name not in page.text
    assert "&lt;script&gt;" in page.text


async def test_pages_that_are_not_there_and_methods_that_are_not_taken_are_pages_too(notes: Program) -> None:
    client = await notes.visitor.under.client()

    odd = await client.put("/_tollbridge/oauth/authorize", headers={"sec-fetch-site": "same-origin"})
    missing = await notes.visitor.get("/oauth/static/nothing.css")
    none = await notes.visitor.get("/oauth/nothing")
    style = await notes.visitor.get("/oauth" + (await notes.send()).text.split("/_tollbridge/oauth")[2].split('"')[0])

    assert [reply.status_code for reply in (odd, missing, none, style)] == [405, 404, 404, 200]
    assert "<h1>" in odd.text


async def test_form_that_is_none_is_refused(notes: Program) -> None:
    client = await notes.visitor.under.client()
    headers = {"sec-fetch-site": "same-origin", "content-type": "application/json"}

    reply = await client.post("/_tollbridge/oauth/authorize", content=urlencode({"a": "b"}), headers=headers)

    assert reply.status_code == 415


@pytest.mark.parametrize("end", ["people", "clients"])
async def test_store_that_is_away_is_said_to_be(notes: Program, end: str) -> None:
    await notes.visitor.under.gateway.store.close()

    reply = await notes.send(**({} if end == "people" else {"client_id": "client_0"}))

    assert (reply.status_code, "location" in reply.headers) == (503, False)


async def test_person_is_asked_in_the_language_of_the_browser(notes: Program) -> None:
    notes.visitor.cookies[LANGUAGE] = "zh-Hans"

    page = await notes.send()

    assert page.headers["content-language"] == "zh-Hans"
    assert "是否授权 Notes 代表您执行以下操作？" in page.text
    assert "调用模型，操作类型为 chat" in page.text
    assert "您当前以 <b>ada@example.com</b> 的身份登录。" in page.text
    assert 'action="/_tollbridge/oauth/language"' in page.text


async def test_language_is_chosen_before_the_answer(notes: Program) -> None:
    back = f"/_tollbridge/oauth/authorize?{notes.wish()}"

    reply = await notes.visitor.post("/oauth/language", {"language": "zh-Hans", "back": back})

    assert (reply.status_code, reply.headers["location"]) == (303, back)
    assert "是否授权" in (await notes.send()).text
