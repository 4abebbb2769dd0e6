"""Jobs over the API: seen, and hurried."""

from tests.plugins.admin.conftest import Admin


async def test_jobs_are_listed_with_how_they_stand_and_one_is_hurried(admin: Admin) -> None:
    before = {one["name"]: one for one in (await admin.get("/jobs")).json()["items"]}
    await admin.under.gateway.jobs.run_due()
    done = {one["name"]: one for one in (await admin.get("/jobs")).json()["items"]}

    hurried = await admin.post("/jobs/run", {"name": "tell_endings"})

    assert {"rotate_secrets", "tell_endings", "tell_unused", "forget_messages"} <= before.keys()
    assert "send_webhooks" not in before  # each worker does that all the time
    assert (before["tell_endings"]["outcome"], done["tell_endings"]["outcome"]) == (None, "done")
    assert done["tell_endings"]["due_at"] > before["tell_endings"]["due_at"]
    assert (hurried.json()["name"], hurried.json()["due_at"]) == ("tell_endings", "2026-01-05T12:00:00Z")
    assert hurried.json()["running"] is False
    assert [record.action for record in await admin.records()][-1] == "job.hurry"


async def test_job_that_is_not_there_is_told(admin: Admin) -> None:
    for name in ("send_webhooks", "nothing"):
        assert (await admin.post("/jobs/run", {"name": name})).status_code == 404


async def test_token_with_a_team_has_no_part_in_the_bridges_jobs(admin: Admin) -> None:
    red = await admin.other(team="red")

    for reply in (await red.get("/jobs"), await red.post("/jobs/run", {"name": "tell_endings"})):
        assert (reply.status_code, reply.json()["code"]) == (403, "out_of_reach")
