"""Roles over the API."""

from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge.people.builtin import BUILT_IN
from tollbridge.testing import GatewayUnderTest

WISH = {"name": "builder", "scopes": ["ai:*"], "description": "Builds."}


async def test_role_is_made_changed_and_removed(admin: Admin) -> None:
    made = await admin.post("/roles", WISH)

    assert {name: made.json()[name] for name in WISH} == WISH
    assert made.json()["built_in"] is False
    assert made.headers["location"] == "roles/builder"
    assert (await admin.get("/roles/builder")).json() == made.json()
    changed = await admin.patch("/roles/builder", {"scopes": ["model:*"]}, if_match=made.headers["etag"])
    assert (changed.json()["scopes"], changed.json()["description"]) == (["model:*"], "Builds.")
    assert (await admin.patch("/roles/builder", {"description": ""})).json()["description"] == ""
    assert (await admin.post("/roles/builder/remove", if_match=made.headers["etag"])).status_code == 412
    assert (await admin.post("/roles/builder/remove")).status_code == 200
    assert (await admin.get("/roles/builder")).status_code == 404


async def test_all_roles_are_listed_the_built_in_ones_first(admin: Admin) -> None:
    await admin.post("/roles", WISH)

    items = (await admin.get("/roles")).json()["items"]

    assert [one["name"] for one in items] == [*BUILT_IN, "builder"]
    assert {one["name"] for one in items if one["built_in"]} == set(BUILT_IN)


async def test_roles_are_listed_by_pages_though_one_of_them_goes_meanwhile(admin: Admin) -> None:
    for name in ("aaa", "builder", "zoo"):
        await admin.post("/roles", {**WISH, "name": name})
    seen, after = [], ""
    while True:
        page = (await admin.get(f"/roles?limit=1&after={after}")).json()
        seen += [one["name"] for one in page["items"]]
        if seen[-1] == "builder":
            await admin.post("/roles/builder/remove")
        if page["next"] is None:
            break
        after = page["next"]

    assert seen == [*BUILT_IN, "aaa", "builder", "zoo"]
    assert (await admin.get("/roles?after=nonsense")).status_code == 422


async def test_roles_are_found_by_a_part_of_what_they_are_called_or_for(admin: Admin) -> None:
    await admin.post("/roles", {**WISH, "name": "zoo"})

    async def found(part: str) -> list[str]:
        return [one["name"] for one in (await admin.get(f"/roles?q={part}")).json()["items"]]

    assert await found("BUILDS") == ["service-developer", "zoo"]
    assert await found("zo") == ["zoo"]
    assert await found("nobody-has-this") == []


async def test_built_in_role_and_one_that_somebody_has_stay(admin: Admin) -> None:
    await admin.post("/roles", WISH)
    await admin.post("/members", {"email": "a@example.com", "name": "A", "role": "builder"})

    for reply, code in (
        (await admin.patch("/roles/viewer", {"scopes": ["ai:*"]}), "built_in"),
        (await admin.post("/roles/viewer/remove"), "built_in"),
        (await admin.post("/roles", {**WISH, "name": "viewer"}), "already_exists"),
        (await admin.post("/roles", WISH), "already_exists"),
        (await admin.post("/roles/builder/remove"), "in_use"),
    ):
        assert (reply.status_code, reply.json()["code"]) == (409, code)


async def test_nobody_writes_a_role_beyond_their_own_and_nobody_in_a_team_writes_any(
    under: GatewayUnderTest, admin: Admin
) -> None:
    weak, blue = await admin.other("admin:roles:write", "ai:chat"), await an_admin(under, team="blue")
    await admin.post("/roles", WISH)

    for reply in (
        await weak.post("/roles", {**WISH, "name": "x"}),
        await weak.patch("/roles/builder", {"scopes": ["ai:chat"]}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "scope_beyond")
    for reply in (await blue.post("/roles", {**WISH, "name": "x"}), await blue.post("/roles/builder/remove")):
        assert (reply.status_code, reply.json()["code"]) == (403, "out_of_reach")
    assert (await blue.get("/roles/builder")).status_code == 200
