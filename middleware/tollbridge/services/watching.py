"""What happens to releases by itself: a scheduled one is published, one whose calls fail is taken back."""

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from tollbridge.audit import Actor
from tollbridge.errors import BadRequest
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import Release, Service
from tollbridge.stores.services import Step, Watched

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

log = structlog.get_logger("tollbridge")


async def publish_due(gateway: "Gateway", by: Actor) -> None:
    """Publish the releases whose time has come.  One that cannot be published any more fails, and says why."""
    store = await gateway.store.services()
    for service, release in await store.due_releases(gateway.clock.now()):
        try:
            await gateway.services.publish(service.id, release.number, why="as scheduled", by=by)
        except BadRequest as exc:
            log.warning("release_not_published", service=service.slug, release=release.id, reason=exc.message)
            await _fail(gateway, service, release, exc.message[:500], by)


async def watch_releases(gateway: "Gateway", by: Actor) -> None:
    """Take back the releases of whose first calls too many failed, and look no more at those whose time is over."""
    store = await gateway.store.services()
    for watched in await store.watched_releases():
        service, release = watched.service, watched.release
        why = await _failing(gateway, watched)
        if why:
            log.warning("release_taken_back", service=service.slug, release=release.id, reason=why)
            await _fail(gateway, service, release, why, by)
        elif gateway.clock.now() >= watched.until:
            await store.end_watch(release.id)


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
    try:
        await store.move_release(service.id, release.number, Step(move=Move.FAIL, why=why), act)
    except BadRequest as exc:  # somebody was faster
        log.info("release_moved_on", service=service.slug, release=release.id, reason=exc.message)
