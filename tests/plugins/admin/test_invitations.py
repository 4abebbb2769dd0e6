"""Invitations to teams over the API and by commands."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.middleware.cli.conftest import Ran, config, laid, tollbridge
from tests.plugins.admin.conftest import Admin, an_admin
from tests.plugins.admin.test_people import team_admin
from tests.support.live import LiveGateway, mock_config
from tests.support.mailed import Mails, mailing

from tollbridge import Gateway
from tollbridge.administering import BRIDGE
from tollbridge.testing import GatewayUnderTest, gateway
from tollbridge_admin.invitations import SENT

__all__ = ["config", "gateway", "laid", "tollbridge"]

Command = Callable[..., Ran]
TO_BOB = {"email": "Bob@Example.com", "role": "consumer"}
HOOK = {"name": "mail", "url": "https://mail.example/x", "events": ["team.invited", "team.reinvited"]}


async def person(admin: Admin, email: str) -> Admin:
    """Give somebody with an address, a viewer of the whole bridge, with a token of theirs."""
    people = admin.under.gateway.people
    made = await people.add_person(email=email, name="Somebody", team=BRIDGE, role="viewer")
    holder = await people.holder_of(made.id, BRIDGE)
    assert holder is not None
    issued = await admin.under.gateway.tokens.issue(name="own", scopes=holder.scopes.scopes, minter=holder)
    return Admin(admin.under, issued.secret, made.id)


async def invited(admin: Admin, **more: Any) -> Any:
    """Have somebody invited to the team blue, which is made."""
    await admin.post("/teams", {"name": "blue"})
    reply = await admin.post("/teams/blue/invitations", {**TO_BOB, **more})
    assert reply.status_code == 201, reply.text
    return reply


async def test_invitation_is_made_with_its_code_this_once(admin: Admin) -> None:
    reply = await invited(admin)

    made = reply.json()
    assert {name: made[name] for name in ("team", "email", "role", "state", "webhook", "person", "link")} == {
        **{"team": "blue", "email": "bob@example.com", "role": "consumer", "state": "open"},
        **{"webhook": None, "person": None, "link": None},
    }
    assert reply.headers["location"] == f"teams/blue/invitations/{made['id']}"
    shown = await admin.get(f"/teams/blue/invitations/{made['id']}")
    assert shown.headers["etag"] == reply.headers["etag"]
    assert shown.json() == {name: made[name] for name in made if name not in ("code", "link")}
    assert (await admin.get("/teams/blue/invitations")).json() == {"items": [shown.json()], "next": None}
    for text in ((await admin.get("/audit")).text, shown.text):
        assert made["code"] not in text


async def test_link_is_given_where_the_gateway_knows_its_address(gateway: Callable[..., GatewayUnderTest]) -> None:
    admin = await an_admin(gateway({"server": {"public_url": "https://ai.example"}}))

    made = (await invited(admin)).json()

    assert made["link"] == f"https://ai.example/_tollbridge/sign-in/invitation?code={made['code']}"


async def test_invitations_are_listed_by_pages(admin: Admin) -> None:
    await invited(admin)
    admin.under.clock.advance(1)
    await invited(admin, email="carl@example.com")

    first = (await admin.get("/teams/blue/invitations?limit=1")).json()
    second = (await admin.get(f"/teams/blue/invitations?limit=1&after={first['next']}")).json()

    assert [one["email"] for one in (*first["items"], *second["items"])] == ["carl@example.com", "bob@example.com"]
    assert second["next"] is None


async def test_invited_person_sees_and_accepts_it_with_a_token_of_theirs(admin: Admin) -> None:
    made = (await invited(admin)).json()
    bob, eve = await person(admin, "bob@example.com"), await person(admin, "eve@example.com")

    assert [one["id"] for one in (await bob.get("/me/invitations")).json()["items"]] == [made["id"]]
    assert (await eve.get("/me/invitations")).json() == {"items": []}
    assert (await admin.get("/me/invitations")).status_code == 404
    assert (await eve.post("/me/invitations/accept", {"code": made["code"]})).status_code == 404
    accepted = await bob.post("/me/invitations/accept", {"code": made["code"]})

    assert accepted.status_code == 200, accepted.text
    assert (accepted.json()["person"], accepted.json()["team"], accepted.json()["role"]) == (bob.id, "blue", "consumer")
    assert (await bob.post("/me/invitations/accept", {"code": made["code"]})).status_code == 409
    listed = (await admin.get("/teams/blue/invitations")).json()["items"]
    assert [(one["state"], one["person"]) for one in listed] == [("accepted", bob.id)]


async def test_token_that_may_do_less_than_its_person_is_not_shown_what_they_are_invited_to(admin: Admin) -> None:
    code = (await invited(admin)).json()["code"]
    bob = await person(admin, "bob@example.com")
    member = await admin.under.gateway.people.member(bob.id, BRIDGE)
    assert member is not None
    holder = await admin.under.gateway.store.find_holder(member.holder)
    issued = await admin.under.gateway.tokens.issue(name="lent", scopes=["admin:teams:read"], minter=holder)
    lent = Admin(admin.under, issued.secret, issued.token.id)

    for reply in (await lent.get("/me/invitations"), await lent.post("/me/invitations/accept", {"code": code})):
        assert (reply.status_code, reply.json()["code"]) == (403, "insufficient_scope")
        assert "bob@" not in reply.text
    assert (await bob.post("/me/invitations/accept", {"code": code})).status_code == 200


async def test_nobody_invites_beyond_their_team_and_rights(admin: Admin) -> None:
    blue = await team_admin(admin, "blue")
    await admin.post("/teams", {"name": "red"})
    weak = await admin.other("admin:members:write", team="blue")

    made = (await blue.post("/teams/blue/invitations", TO_BOB)).json()

    assert made["inviter"].startswith("mem_")
    assert (await blue.post("/teams/red/invitations", TO_BOB)).status_code == 404
    assert (await weak.post("/teams/blue/invitations", {**TO_BOB, "email": "x@example.com"})).status_code == 403
    assert (await blue.get(f"/teams/red/invitations/{made['id']}")).status_code == 404
    assert (await admin.get(f"/teams/red/invitations/{made['id']}")).status_code == 404
    assert (await admin.post("/teams/green/invitations", TO_BOB)).status_code == 404


async def test_resent_invitation_has_another_code_and_a_revoked_one_none(admin: Admin) -> None:
    made = (await invited(admin)).json()
    path = f"/teams/blue/invitations/{made['id']}"
    bob = await person(admin, "bob@example.com")

    again = (await admin.post(f"{path}/resend", {"days": 30})).json()

    assert again["id"] == made["id"]
    assert again["ends_at"] > made["ends_at"]
    assert (await bob.post("/me/invitations/accept", {"code": made["code"]})).status_code == 409
    assert (await admin.post(f"{path}/revoke", if_match='"other"')).status_code == 412
    assert (await admin.post(f"{path}/revoke")).json()["state"] == "withdrawn"
    assert (await bob.post("/me/invitations/accept", {"code": again["code"]})).status_code == 409
    assert (await admin.post(f"{path}/resend")).status_code == 409


async def test_code_is_sent_to_a_webhook_of_the_bridge_instead_of_being_shown(admin: Admin) -> None:
    hook = (await admin.post("/webhooks", HOOK)).json()["id"]
    await admin.post("/teams", {"name": "blue"})
    teams_own = (await admin.post("/webhooks", {**HOOK, "team": "blue"})).json()["id"]

    made = (await invited(admin, webhook=hook)).json()

    assert (made["code"], made["link"], made["webhook"]) == (None, None, hook)
    outbox = await admin.under.gateway.store.outbox()
    secret, told = await outbox.list_deliveries(hook)
    assert (secret.event, secret.said, told.event) == (SENT, "", "team.invited")
    assert '"invitation":"inv_' in told.said
    assert "bob@" not in told.said
    for wrong in (teams_own, "whk_0"):
        reply = await admin.post("/teams/blue/invitations", {**TO_BOB, "email": "x@example.com", "webhook": wrong})
        assert reply.status_code == 422
    again = (await admin.post(f"/teams/blue/invitations/{made['id']}/resend", {"webhook": hook})).json()
    assert again["code"] is None
    assert len(await outbox.list_deliveries(hook)) == 4


async def test_code_is_not_sent_to_a_webhook_that_is_told_by_mail(gateway: Callable[..., GatewayUnderTest]) -> None:
    admin = await an_admin(gateway(mailing(domains=["example.com"]), plugins=(Mails(),)))
    hook = (await admin.post("/webhooks", {**HOOK, "url": "mailto:ops@example.com"})).json()
    await admin.post("/teams", {"name": "blue"})

    reply = await admin.post("/teams/blue/invitations", {**TO_BOB, "webhook": hook["id"]})

    assert hook["url"] == "mailto:ops@example.com"
    assert (reply.status_code, "codes are not mailed" in reply.text) == (422, True)


def test_commands_invite_list_and_withdraw(tollbridge: Command) -> None:
    tollbridge("team", "create", "blue")

    made = tollbridge("team", "invite", "blue", "Bob@example.com", "--role", "viewer", "--days", "2")

    assert "Send them this code; it is shown this once" in made.out
    again = tollbridge("team", "invite", "blue", "bob@example.com", "--again", "--json").json
    assert again["code"] not in made.out
    listed = tollbridge("team", "invitations", "blue", "--json").json
    assert [(one["email"], one["role"], one["state"]) for one in listed] == [("bob@example.com", "viewer", "open")]
    assert "bob@example.com" in tollbridge("team", "invitations", "blue").out
    assert "withdrawn" in tollbridge("team", "uninvite", "blue", "bob@example.com", "--yes").out
    gone = tollbridge("team", "uninvite", "blue", "bob@example.com", "--yes")
    assert (gone.code, "is not invited to blue" in gone.err) == (3, True)
    assert tollbridge("team", "uninvite", "blue", again["id"], "--yes").code != 0


def test_command_says_where_the_code_went_or_shows_the_link(tollbridge: Command, config: Path) -> None:
    config.write_text(f'{config.read_text()}\n[server]\npublic_url = "https://ai.example"\n')
    tollbridge("team", "create", "blue")
    made = tollbridge("webhook", "create", "https://mail.example/x", "--name", "mail", "--event", "team.*", "--json")

    sent = tollbridge("team", "invite", "blue", "bob@example.com", "--webhook", made.json["id"])
    shown = tollbridge("team", "invite", "blue", "carl@example.com")

    assert f"was sent to the webhook {made.json['id']}" in sent.out
    assert "https://ai.example/_tollbridge/sign-in/invitation?code=" in shown.out


async def invited_here(config: Path) -> tuple[str, str, str]:
    """Invite Bob, who is here, to blue, at the gateway of a configuration; gives a token of his, and id and code."""
    opened = Gateway(config, serves=False)
    async with opened.administered():
        people = opened.people
        bob = await people.add_person(email="bob@example.com", name="Bob", team=BRIDGE, role="viewer")
        holder = await people.holder_of(bob.id, BRIDGE)
        assert holder is not None
        issued = await opened.tokens.issue(name="own", scopes=holder.scopes.scopes, minter=holder)
        await people.teams.add("blue")
        made = await people.invitations.invite("blue", "bob@example.com", "consumer")
        return issued.secret, made.invitation.id, made.code


def test_commands_list_what_one_is_invited_to_and_accept_it(
    tollbridge: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    with LiveGateway(tmp_path, mock_config("http://127.0.0.1:9")) as live:
        secret, id, code = asyncio.run(invited_here(live.config))
        (tmp_path / "token").write_text(secret)
        bob = ("--url", live.url, "--token", f"@{tmp_path / 'token'}")

        assert [one["id"] for one in tollbridge("team", "invited", "--json", *bob).json] == [id]
        assert "bob@example.com" in tollbridge("team", "invited", *bob).out
        assert tollbridge("team", "accept", "nothing", *bob).code != 0
        joined = tollbridge("team", "accept", code, *bob).out.split()
        assert [joined[joined.index(word) + 1] for word in ("team", "role")] == ["blue", "consumer"]
        assert "There are no invitations." in tollbridge("team", "invited", *bob).out
        assert tollbridge("team", "accept", code, "--json", *bob).code == 1
    assert tollbridge("team", "invited").code == 3  # who is on the machine is no person
