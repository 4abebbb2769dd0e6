"""Services as they stand in an SQL database: how each is read, whoever changes it."""

from typing import Any

from sqlalchemy import Row, Select, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.services.model import ReleaseState, Service
from tollbridge.stores.rows import moment, storable
from tollbridge.stores.services import Look
from tollbridge.stores.servicetables import release, service
from tollbridge.stores.tokenrows import optional_moment

REVIEWING = exists().where(release.c.service_id == service.c.id, release.c.state == ReleaseState.REVIEW.value)
"""Whether a release of a service waits for a decision."""
ALL: Select[Any] = select(*(column for column in service.c if column.name != "design"), REVIEWING.label("reviewing"))
"""Services without their drafts, which are large."""


async def found_service(connection: AsyncConnection, service_id: str) -> Service | None:
    """Find one by its id."""
    row = (await connection.execute(ALL.where(service.c.id == storable(service_id)))).one_or_none()
    return None if row is None else service_of(row)


async def seen_service(connection: AsyncConnection, service_id: str, check: Look | None) -> Service | None:
    """Find a service that is about to change; raises what the check does."""
    found = await found_service(connection, service_id)
    if found is not None and check is not None:
        check(found)
    return found


async def service_there(connection: AsyncConnection, service_id: str) -> Service:
    """Read one that is there."""
    return service_of((await connection.execute(ALL.where(service.c.id == service_id))).one())


def service_of(row: Row[Any]) -> Service:
    """Give a row of `ALL`."""
    return Service(
        id=row.id,
        slug=row.slug,
        kind=row.kind,
        team=row.team,
        name=row.name,
        revision=row.revision,
        created_at=moment(row.created_at),
        changed_at=moment(row.changed_at),
        reviewing=bool(row.reviewing),
        live=row.live,
        deprecated_at=optional_moment(row.deprecated_at),
        sunset_at=optional_moment(row.sunset_at),
        retired_at=optional_moment(row.retired_at),
        successor=row.successor,
        paused_at=optional_moment(row.paused_at),
        paused_why=row.paused_why,
    )
