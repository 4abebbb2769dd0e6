"""Who calls."""

from tests.plugins.admin.conftest import Admin

from tollbridge.administering import TokenChange


async def test_caller_is_told_who_it_is_and_what_it_may_call(admin: Admin) -> None:
    made = await admin.make(scopes=["admin:tokens:read", "ai:chat"], owner="ada", environment="test")
    me = (await Admin(admin.under, made["token"], made["id"]).get("/me")).json()

    assert me == {
        "id": made["id"],
        "name": "made",
        "kind": "bearer",
        "owner": "ada",
        "team": "",
        "environment": "test",
        "scopes": ["admin:tokens:read", "ai:chat"],
        "within": [["admin:*", "ai:*", "model:*", "service:*"]],
        "operations": [
            *("report_tokens", "list_tokens", "get_token", "list_credentials_of_token", "get_credential_of_token"),
            *("explain", "get_auto_rotation"),
        ],
    }


async def test_what_those_above_may_not_is_no_operation_of_the_caller(admin: Admin) -> None:
    made = await admin.make(scopes=["admin:*"])
    child = Admin(admin.under, made["token"], made["id"])
    await admin.under.gateway.tokens.change(admin.id, TokenChange(scopes=("admin:audit:read",)))

    assert (await child.get("/me")).json()["operations"] == ["list_audit", "verify_audit", "explain"]
