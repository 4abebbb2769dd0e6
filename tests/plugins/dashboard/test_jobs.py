"""Jobs on their page."""

import re
from collections.abc import Callable

from markupsafe import escape
from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest
from tollbridge_dashboard.jobs import NAMES


async def job(visit: Visitor) -> str:
    return (await visit.under.gateway.jobs.states())[0].name


async def test_jobs_are_shown_and_one_is_hurried(visit: Visitor) -> None:
    name = await job(visit)

    page = (await visit.get("/jobs")).text
    reply = await visit.post(f"/jobs/{name}/run")
    said = (await visit.get("/jobs?said=hurried")).text

    assert str(escape(NAMES[name])) in page
    assert f'action="/_tollbridge/jobs/{name}/run"' in page
    assert reply.headers["location"] == "/_tollbridge/jobs?said=hurried"
    assert "A worker does it within seconds." in said
    (record, *_) = await visit.under.gateway.store.list_audit(action="job.", limit=1)
    assert record.target == name
    assert record.actor.via == "dashboard"


async def test_job_that_nobody_knows_is_not_there(visit: Visitor) -> None:
    reply = await visit.post("/jobs/no_such_job/run")

    assert reply.status_code == 404
    assert "<h1>Nothing here</h1>" in reply.text
    assert 'href="/_tollbridge/jobs"' in reply.text  # the menu is there still


async def test_whoever_only_reads_hurries_none(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.under.client()
    await visit.under.gateway.people.roles.add("looker", ("admin:jobs:read",))
    await visit.sign_in_as(await visit.person("ada", bridge="looker"))

    page, reply = await visit.get("/jobs"), await visit.post(f"/jobs/{await job(visit)}/run")

    assert page.status_code == 200
    assert not re.search(r'action="[^"]*/run"', page.text)
    assert reply.status_code == 403
