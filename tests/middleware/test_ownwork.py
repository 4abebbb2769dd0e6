"""What a gateway does by itself, and what plugins add to it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tollbridge.audit import Actor
from tollbridge.errors import PluginError
from tollbridge.gateway import Gateway
from tollbridge.hookspecs import hookimpl
from tollbridge.jobs.job import Job
from tollbridge.ownwork import own_jobs
from tollbridge.testing import GatewayUnderTest

BY = Actor("ada", "code")


class Sweeps:
    """A plugin with a job."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.done: list[Gateway] = []

    @hookimpl
    def register_jobs(self, register: Callable[[Job], None]) -> None:
        async def sweep(gateway: Gateway) -> None:
            self.done.append(gateway)

        register(Job(self.name, 60.0, sweep))


async def test_job_of_a_plugin_is_done_with_the_gateways_own(gateway: Callable[..., GatewayUnderTest]) -> None:
    plugin = Sweeps("sweep_ours")
    under = gateway(plugins=(plugin,))
    await under.client()

    await under.gateway.jobs.run_due()

    assert plugin.done == [under.gateway]
    names = {state.name for state in await under.gateway.jobs.states()}
    assert names == {"sweep_ours"} | {job.name for job in own_jobs() if not job.shared}
    assert (
        under.gateway.metrics.render("")[0].count(b'tollbridge_job_runs_total{job="sweep_ours",result="done"} 1.0') == 1
    )


async def test_job_with_the_name_of_one_of_ours_stops_the_start(gateway: Callable[..., GatewayUnderTest]) -> None:
    under = gateway(plugins=(Sweeps("tell_endings"),))

    with pytest.raises(PluginError, match="the job 'tell_endings' is registered twice"):
        await under.gateway.start()


async def test_messages_are_forgotten_after_their_days(gateway: Callable[..., GatewayUnderTest]) -> None:
    under = gateway({"webhooks": {"keep_days": 7}})
    await under.client()
    hook = await under.gateway.webhooks.create(name="h", url="https://h.example.com", events=["token.*"], by=BY)
    await under.gateway.tokens.issue(name="shop", by=BY)
    await under.gateway.jobs.run_due()
    outbox = await under.gateway.store.outbox()

    under.clock.advance(timedelta(days=6).total_seconds())
    await under.gateway.jobs.run_due()
    assert len(await outbox.list_deliveries(hook.webhook.id)) == 1
    under.clock.advance(timedelta(days=2).total_seconds())
    await under.gateway.jobs.run_due()

    assert await outbox.list_deliveries(hook.webhook.id) == []


async def test_folder_of_files_is_taken_from_the_configurations_own(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    path = tmp_path / "tollbridge.toml"
    path.write_text('[rotation]\nfolder = "secrets"\n[jobs]\nenabled = false\n')
    async with Gateway(path, env={}) as gateway:
        made = await gateway.tokens.issue(name="shop", by=BY)
        await gateway.rotations.begin(made.token, into="file:shop", overlap_s=60, by=BY)

        await gateway.rotations.run()

    assert (tmp_path / "secrets" / "shop").read_text().startswith("tb_")
