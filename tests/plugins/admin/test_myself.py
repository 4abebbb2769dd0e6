"""Who calls."""

from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge.administering import TokenChange
from tollbridge.testing import GatewayUnderTest
from tollbridge_admin.app import resources
from tollbridge_admin.myself import BRIDGES

BODIES = {
    "set_member": {"email": "a@example.com", "name": "A", "role": "viewer"},
    "create_person": {"email": "b@example.com", "name": "B"},
    "create_team": {"name": "green"},
    "create_role": {"name": "own", "scopes": ["ai:chat"]},
    "change_role": {"description": "b"},
    "change_person": {"name": "C"},
    "change_member": {"role": "viewer"},
    "run_job": {"name": "a"},
    "set_provider_key": {"provider": "openai", "key": "sk-another-secret"},
    "change_provider_key": {"expires_at": None},
    "rotate_provider_key": {"key": "sk-another-secret"},
    "create_plan": {"name": "gold"},
    "change_plan": {"title": "Gold"},
    "transfer_application": {"team": "red"},
}
"""What is asked of the bridge, each with the least that is a request."""
OPEN = (
    *("list_own_invitations", "accept_invitation", "explain", "list_attention"),
    *("list_own_tokens", "get_own_token", "rotate_own_token", "revoke_own_token"),
    *("report_own_usage", "list_own_calls", "get_own_call", "list_own_models"),
    *("sort_catalogue", "list_catalogue", "get_catalogue_service", "describe_catalogue_service"),
)
"""What every valid token may ask."""


async def test_caller_is_told_who_it_is_and_what_it_may_call(admin: Admin) -> None:
    made = await admin.make(scopes=["admin:tokens:read", "ai:chat"], owner="ada", environment="test")
    me = (await Admin(admin.under, made["token"], made["id"]).get("/me")).json()

    operations = me.pop("operations")
    assert me == {
        "id": made["id"],
        "name": "made",
        "kind": "bearer",
        "owner": "ada",
        "team": "",
        "environment": "test",
        "scopes": ["admin:tokens:read", "ai:chat"],
        "within": [["admin:*", "ai:*", "model:*", "service:*"]],
    }
    reading = (
        "report_tokens",
        "list_tokens",
        "count_tokens",
        "get_token",
        "list_credentials_of_token",
        "get_credential_of_token",
    )
    assert sorted(operations) == sorted((*reading, "get_auto_rotation", "list_budgets", *OPEN))


async def test_what_those_above_may_not_is_no_operation_of_the_caller(admin: Admin) -> None:
    made = await admin.make(scopes=["admin:*"])
    child = Admin(admin.under, made["token"], made["id"])
    await admin.under.gateway.tokens.change(admin.id, TokenChange(scopes=("admin:audit:read",)))

    operations = (await child.get("/me")).json()["operations"]
    assert sorted(operations) == sorted(("list_audit", "verify_audit", *OPEN))


async def test_what_is_the_whole_bridges_is_no_operation_of_a_caller_with_a_team(admin: Admin) -> None:
    await admin.post("/teams", {"name": "blue", "scopes": ["admin:*"]})
    made = await admin.make(scopes=["admin:*"], team="blue")
    ours = (await Admin(admin.under, made["token"], made["id"]).get("/me")).json()["operations"]
    all_there_are = (await admin.get("/me")).json()["operations"]

    assert set(all_there_are) - set(ours) == BRIDGES
    assert {"list_teams", "change_team", "list_team_members", "set_team_member", "list_audit"} <= set(ours)


async def test_caller_with_a_team_is_refused_what_is_no_operation_of_it(under: GatewayUnderTest, admin: Admin) -> None:
    await admin.post("/teams", {"name": "blue", "scopes": ["admin:*", "ai:*"]})
    blue = await an_admin(under, "admin:*", team="blue")
    member = await admin.post("/teams/blue/members", {"email": "m@example.com", "name": "M", "role": "viewer"})
    await admin.post("/roles", {"name": "mine", "scopes": ["ai:chat"]})
    kept = await admin.post("/provider-credentials", {"provider": "openai", "name": "mine", "key": "sk-another-secret"})
    assert kept.status_code == 201, kept.text
    id = member.json()["person"]

    for one in resources(under.gateway):
        if one.name not in BRIDGES or one.name == "list_provider_keys":
            continue
        name = "mine" if one.path.startswith("/roles") else "blue"
        reply = await blue.ask(one.method, one.path.format(id=id, name=name, key="mine"), BODIES.get(one.name))
        assert reply.status_code in (403, 404), f"{one.name}: {reply.text}"
        assert reply.json()["code"] in ("out_of_reach", "not_found"), one.name
    assert (await blue.get("/provider-credentials")).json()["items"] == []
