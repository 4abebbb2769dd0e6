"""What is to be seen of services: in the store, in a worker's book and by who calls; and what a model says is there."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from tests.support.servicemodel import Draft, Model, Op

from tollbridge.services.model import Access, Design
from tollbridge.stores.services import ServiceStore
from tollbridge.testing import GatewayUnderTest

MOST_LOGGED = 10
Picture = dict[object, object]
"""What there is, by slug, by slug and number of a release, by worker, and as `log` what was recorded last."""


def design(draft: Draft) -> Design:
    access = Access.SUBSCRIPTION if draft.closed else Access.SCOPE
    definition = {"text": "it rains", "status": 500 if draft.sick else 200, "tested": draft.tested}
    return Design(name="Weather", access=access, definition=definition)


async def called(worker: GatewayUnderTest, op: Op, token: str) -> str:
    """Call a service, by a version where one is named; gives the status, and what says who answered or why nobody."""
    at = f"@{op.version}" if op.version else ""
    answer = await worker.request("POST", f"/v1/apis/{op.slug}{at}", token=token)
    successor = answer.headers.get("link", "").partition(";")[0].removeprefix("</v1/apis/").removesuffix(">")
    if answer.status_code == 410:
        return f"410 {successor}".strip()
    body = answer.json()
    if answer.status_code == 503:
        return f"503 {body['detail'].partition(': ')[2]}".strip()
    if answer.status_code == 404:
        serves = body["detail"].partition("; ")[2]
        return f"404 {serves or 'there is no service'}"
    if answer.status_code == 403:
        return f"403 {body['code']}"
    assert answer.headers["tollbridge-version"] == body["version"]
    ends = f" ends {successor}".rstrip() if "deprecation" in answer.headers else ""
    return f"{answer.status_code} {body['version']}{ends}"


async def stored(store: ServiceStore, ids: Mapping[str, str]) -> Picture:
    """Give what the store has of the services of these ids, by slug, and of their releases."""
    picture: Picture = {}
    watched = {one.release.id: one for one in await store.watched_releases()}
    for slug, id in ids.items():
        one = await store.get_service(id)
        if one is None:
            continue
        releases = await store.list_releases(id)
        numbers = {"": 0, **{each.id: each.number for each in releases}}
        place = (one.deprecated_at, one.retired_at, one.successor, one.paused_at, one.paused_why)
        picture[slug] = (one.state, one.team, one.revision, numbers[one.live], *place)
        for each in releases:
            watch = watched.get(each.id)
            by = None if watch is None else (watch.since, watch.until, numbers[watch.instead_of])
            times = (each.publish_at, each.published_at, each.ended_at, by)
            picture[slug, each.number] = (each.version, each.state, each.asked_by, *times)
    return picture


async def in_book(worker: GatewayUnderTest) -> object:
    """Give what a worker serves."""
    book = {}
    for slug, entry in (await worker.gateway.books.current()).entries.items():
        one, live = entry.service, "" if entry.live is None else entry.live.release.version
        place = (one.deprecated_at, one.retired_at, one.successor, one.paused_at, one.paused_why)
        book[slug] = (live, sorted(entry.versions), one.team, *place)
    return book


def number_in(after: str) -> int:
    said: dict[str, Any] | None = msgspec.json.decode(after or "null")
    return int((said or {}).get("number", 0))


def pictured(model: Model, slugs: Collection[str], workers: Collection[int]) -> Picture:
    """Give what is to be seen where the model is right."""
    picture: Picture = {"log": model.log[-MOST_LOGGED:]}
    book = {}
    for slug, one in model.services.items():
        place = (one.deprecated, one.retired, one.successor, one.paused, one.why)
        if one.served:
            live = one.releases[one.live].version if one.live else ""
            book[slug] = (live, sorted(one.serving()), one.team, *place)
        if slug in slugs:
            picture[slug] = (one.state, one.team, one.revision, one.live, *place)
    for slug, number, release in model.each():
        if slug in slugs:
            watched = (*release.watched, release.former) if release.watched else None
            times = (release.due, release.served, release.ended, watched)
            picture[slug, number] = (release.version, release.state, release.asked_by, *times)
    return picture | {worker: book for worker in workers}


def differing(seen: Picture, right: Picture) -> list[str]:
    keys = [*seen, *(key for key in right if key not in seen)]
    return [f"{key}: {seen.get(key)}, not {right.get(key)}" for key in keys if seen.get(key) != right.get(key)]
