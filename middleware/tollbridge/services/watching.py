"""What happens to releases by itself: a scheduled one is published, one whose calls fail is taken back."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from tollbridge.audit import Actor
from tollbridge.errors import BadRequest, PluginError
from tollbridge.faults import told
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import Release, Service
from tollbridge.stores.services import LookAtRelease, ServiceStore, Step, Watched

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

log = structlog.get_logger("tollbridge")


class _MovedOn(Exception):
    """Somebody did something to a release after it was read."""


async def publish_due(gateway: "Gateway", by: Actor) -> None:
    """Publish the releases whose time has come.  One that cannot be published any more fails, and says why.

    One with which something else is wrong stops no other, and is tried again. Raises `PluginError` that names those.
    """
    store, wrong = await gateway.store.services(), list[str]()
    for service, release in await store.due_releases(gateway.clock.now()):
        try:
            await _publish(gateway, service, release, by)
        except Exception as exc:
            wrong.append(_told("release_not_published", service, release, exc))
    _check_all_done(wrong)


async def watch_releases(gateway: "Gateway", by: Actor) -> None:
    """Take back the releases of whose first calls too many failed, and look no more at those whose time is over.

    That of a paused service is not: it begins anew where the service goes on. One that cannot be looked at stops no
    other. Raises `PluginError` that names those.
    """
    store, wrong = await gateway.store.services(), list[str]()
    for watched in await store.watched_releases():
        try:
            await _look(gateway, store, watched, by)
        except Exception as exc:
            wrong.append(_told("release_not_watched", watched.service, watched.release, exc))
    _check_all_done(wrong)


async def _publish(gateway: "Gateway", service: Service, release: Release, by: Actor) -> None:
    try:
        await gateway.services.publish(service.id, release.number, why="as scheduled", check=_as_read(release), by=by)
    except _MovedOn:
        log.info("release_moved_on", service=service.slug, release=release.id)
    except BadRequest as exc:
        log.warning("release_not_published", service=service.slug, release=release.id, reason=exc.message)
        await _fail(gateway, service, release, exc.message[:500], by)


async def _look(gateway: "Gateway", store: ServiceStore, watched: Watched, by: Actor) -> None:
    service, release = watched.service, watched.release
    why = await _failing(gateway, watched)
    if why:
        log.warning("release_taken_back", service=service.slug, release=release.id, reason=why)
        await _fail(gateway, service, release, why, by)
    elif gateway.clock.now() >= watched.until and service.paused_at is None:
        await store.end_watch(release.id, watched.until)


def _as_read(release: Release) -> LookAtRelease:
    """Give what refuses to do something to a release that is another by now."""

    def check(_: Service, now: Release) -> None:
        if (now.state, now.publish_at, now.published_at) != (release.state, release.publish_at, release.published_at):
            raise _MovedOn

    return check


def _told(event: str, service: Service, release: Release, exc: Exception) -> str:
    """Log what is wrong with a release; gives which one that is, in words."""
    log.error(event, service=service.slug, release=release.id, **told(exc))
    return f"{service.slug} {release.version}"


def _check_all_done(wrong: Sequence[str]) -> None:
    if wrong:
        raise PluginError(f"not all is done for the releases {', '.join(wrong)}; the log has why")


async def _failing(gateway: "Gateway", watched: Watched) -> str:
    """Say how a release fails, empty where it does not or too little is known."""
    config, release = gateway.config.services, watched.release
    until = gateway.clock.now() + timedelta(seconds=1)  # those of this very moment too
    service, since = watched.service.slug, watched.since
    calls, failed = await gateway.store.service_calls(service, since, until, release=release.id)
    if calls < config.watch_calls or failed <= config.watch_failed * calls:
        return ""
    return f"{failed} of its first {calls} calls failed"


async def _fail(gateway: "Gateway", service: Service, release: Release, why: str, by: Actor) -> None:
    store, act = await gateway.store.services(), await gateway.tokens.act(by)
    watch_s = gateway.config.services.watch_s
    until = act.at + timedelta(seconds=watch_s) if watch_s else None
    step = Step(move=Move.FAIL, why=why, watched_until=until, check=_as_read(release))
    try:
        await store.move_release(service.id, release.number, step, act)
    except (BadRequest, _MovedOn):  # somebody was faster
        log.info("release_moved_on", service=service.slug, release=release.id)
