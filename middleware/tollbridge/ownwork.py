"""The services that do what a gateway does by itself, and its own jobs."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tollbridge.audit import Act
from tollbridge.errors import ConfigError
from tollbridge.jobs.job import Job
from tollbridge.jobs.scheduler import Jobs
from tollbridge.noticing import SELF, tell_endings, tell_unused
from tollbridge.options import build, suggest
from tollbridge.providerkeys.tending import tend_keys
from tollbridge.registry import put
from tollbridge.rotation.handing import Handing
from tollbridge.rotation.service import Rotations
from tollbridge.rotation.sinks import SecretSink
from tollbridge.services.burning import measure_slos, watch_slos
from tollbridge.services.watching import publish_due, watch_releases
from tollbridge.webhooks.delivering import Delivering
from tollbridge.webhooks.mailing import Mailing, Recipients
from tollbridge.webhooks.sending import Sending
from tollbridge.webhooks.service import Webhooks

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

_MINUTE_S, _HOUR_S, _DAY_S = 60.0, 3_600.0, 86_400.0


def webhooks_of(gateway: "Gateway") -> Webhooks:
    """Make what webhooks are made and changed by."""
    return Webhooks(
        gateway.store,
        gateway.tokens,
        gateway.box,
        gateway.clock,
        allow_private=gateway.config.webhooks.allow_private,
        recipients=Recipients(gateway.store, gateway.config.mail),
        events=gateway.registry.events,
    )


def mailing_of(gateway: "Gateway") -> Mailing | None:
    """Make what tells webhooks by mail, None where nothing sends any."""
    mail, mailer = gateway.config.mail, gateway.mailer
    if mailer is None:
        return None
    return Mailing(mailer, Recipients(gateway.store, mail), gateway.clock, sender=mail.sender)


def rotations_of(gateway: "Gateway") -> Rotations:
    """Make what changes secrets by itself."""
    folder = gateway.config.rotation.folder
    handing = Handing(
        gateway.store,
        gateway.box,
        gateway.clock,
        folder=gateway.config.base / Path(folder) if folder else None,
        sinks=gateway.sinks,
        timeout_s=gateway.config.plugins.timeout_s,
    )
    return Rotations(gateway.store, gateway.tokens, handing, gateway.box, gateway.clock, act=lambda: _act(gateway))


def jobs_of(gateway: "Gateway") -> Jobs:
    """Make the scheduler, with the gateway's own jobs and plugins'; raises `PluginError` for a name that is taken."""
    jobs = {job.name: job for job in own_jobs()}
    for name, job in gateway.registry.jobs.items():
        put(jobs, "job", name, job)
    return Jobs(gateway, jobs, counted=gateway.metrics.job_ended)


def sinks_of(gateway: "Gateway") -> Mapping[str, SecretSink]:
    """Make the secret managers of `[rotation.<name>]`; raises `ConfigError` for one that nothing offers."""
    offers, found = gateway.registry.secret_sinks, {}
    for name, options in gateway.config.secret_sinks.items():
        offered = offers.get(name)
        if offered is None:
            raise ConfigError(f"rotation.{name}: no installed plugin offers it{suggest(name, offers)}")
        found[name] = build(offered, options, f"rotation.{name}")
    return found


def own_jobs() -> Sequence[Job]:
    """Give the jobs that every gateway has."""
    return (
        Job("send_webhooks", 2.0, _send_webhooks, shared=True),
        Job("rotate_secrets", _MINUTE_S, lambda gateway: gateway.rotations.run()),
        Job("tell_endings", _HOUR_S, tell_endings),
        Job("tell_unused", _DAY_S, tell_unused),
        Job("forget_messages", _DAY_S, _forget_messages),
        Job("publish_releases", 5.0, lambda gateway: publish_due(gateway, SELF), steady=True),
        Job("expire_subscriptions", _MINUTE_S, lambda gateway: gateway.subscriptions.expire(SELF)),
        Job("watch_releases", 10.0, lambda gateway: watch_releases(gateway, SELF), steady=True),
        Job("watch_slos", _MINUTE_S, lambda gateway: watch_slos(gateway, SELF)),
        Job("measure_slos", 15 * _MINUTE_S, measure_slos),
        Job("tend_provider_keys", _HOUR_S, lambda gateway: tend_keys(gateway, SELF)),
    )


async def _send_webhooks(gateway: "Gateway") -> None:
    allowed, mailing = gateway.config.webhooks.allow_private, mailing_of(gateway)
    sending = Sending(gateway.transport, gateway.box, gateway.clock, allow_private=allowed, mailing=mailing)
    counted = gateway.metrics.webhook_attempted
    delivering = Delivering(
        gateway.store,
        sending,
        gateway.clock,
        act=lambda: _act(gateway),
        counted=counted,
        wanted=gateway.rotations.still_wanted,
    )
    await delivering.send_due()


async def _forget_messages(gateway: "Gateway") -> None:
    keep = timedelta(days=gateway.config.webhooks.keep_days)
    await (await gateway.store.outbox()).forget_deliveries(gateway.clock.now() - keep)


async def _act(gateway: "Gateway") -> Act:
    return await gateway.tokens.act(SELF)
