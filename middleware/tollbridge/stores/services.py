"""The seam to services and their releases.

Each change is one transaction with its record of the audit log; None is changed nothing: there is no such service or
release.  What serves from the moment a change returned, serves so on every worker: `edition` says that it changed.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec import UNSET, UnsetType

from tollbridge.audit import Act
from tollbridge.services.evaluating import KEPT, Evaluation
from tollbridge.services.kinds import CaseResult
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import Design, Release, Service, ServiceEdit

Look = Callable[[Service], None]
"""What looks at a service as it is while nobody else changes it, and raises where nothing is to be changed."""
LookAtRelease = Callable[[Service, Release], None]
"""The same for a release of a service."""
LookAtDesigns = Callable[[Service, Sequence[Design]], None]
"""The same for a service that goes over to another team, with its draft and what serves of it or will by itself."""


class NewRelease(msgspec.Struct, frozen=True, kw_only=True):
    """A release about to be written of a service's draft; its number is the next one.

    `revision`, where it counts, is that of the draft that it is to be a copy of.
    """

    id: str
    version: str
    note: str
    created_by: str
    created_at: datetime
    revision: int | UnsetType = UNSET


class NewEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What a trial gave, about to be written; its number is the next one of the release, its digest that of it."""

    release_id: str
    at: datetime
    by: str
    passed: bool
    models: tuple[str, ...] = ()
    cases: tuple[CaseResult, ...] = ()


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done to a release.

    `why` is a reason, `at` when a scheduled one is to be published. `beside`: it is published beside the one that
    serves, for those who ask for its version. `reviewed`: only what was approved may be published; `four_eyes`: by
    another person than who asked. `proved`: one that never served must have passed its last trial before it is
    published or scheduled. `watched_until`: one that is published or promoted, or that gets back the place of one which
    failed, is taken back until then where its calls fail. `check` sees release and service as they are, and refuses by
    raising.
    """

    move: Move
    why: str = ""
    at: datetime | None = None
    beside: bool = False
    reviewed: bool = False
    four_eyes: bool = False
    proved: bool = False
    watched_until: datetime | None = None
    check: LookAtRelease | None = None


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a service ends: it is not to be used after `sunset_at`, and who calls it is pointed to `successor`."""

    sunset_at: datetime | None = None
    successor: str = ""


class Published(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A service that serves or did, with its releases that are live.

    There are none where it is retired, or all failed; then `last` is the one that served last.
    """

    service: Service
    releases: tuple[Release, ...]
    last: Release | None = None


class Watched(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A live release that is watched from when it was published or promoted, `since`, to `until`.

    `instead_of` is the one before it, empty for none.
    """

    service: Service
    release: Release
    instead_of: str
    since: datetime
    until: datetime


class ServiceStore(Protocol):
    """Keeps services.  Raises `Unavailable` where it does not answer."""

    async def add_service(self, service: Service, draft: Design, act: Act) -> Service:
        """Write a service; raises `BadRequest` (409) where its slug is taken, also by one that is retired."""
        ...

    async def get_service(self, name: str) -> Service | None:
        """Find one by its id or its slug."""
        ...

    async def get_draft(self, service_id: str) -> tuple[Service, Design] | None:
        """Find one by its id, with what is being written of it."""
        ...

    async def list_services(
        self, *, limit: int = 50, after: str = "", search: str = "", team: str = "", kind: str = "", state: str = ""
    ) -> Sequence[Service]:
        """List services by their slugs, those behind `after`; `search` is a plain part of slug or name."""
        ...

    async def change_service(
        self, service_id: str, edit: ServiceEdit, act: Act, *, leave: LookAtDesigns | None = None
    ) -> Service | None:
        """Change one; raises `BadRequest` (409) where it is retired."""
        ...

    async def drop_service(self, service_id: str, act: Act, *, check: Look | None = None) -> Service | None:
        """Forget one that never served, and its releases; raises `BadRequest` (409) for any other."""
        ...

    async def deprecate_service(
        self, service_id: str, ending: Ending | None, act: Act, *, check: Look | None = None
    ) -> Service | None:
        """Say that a service that serves will end, or with None that it will not; raises `BadRequest` (409).

        One of which that is said already is left alone.
        """
        ...

    async def pause_service(
        self, service_id: str, why: str | None, act: Act, *, check: Look | None = None
    ) -> Service | None:
        """Let nothing of a service be served, for a reason, or with None let it be again.

        What was watched is watched anew then. One that is as it is to be is left alone. Raises `BadRequest` (409) for
        one that is retired.
        """
        ...

    async def retire_service(
        self, service_id: str, successor: str, act: Act, *, check: Look | None = None
    ) -> Service | None:
        """End a service for good, and all of its releases; raises `BadRequest` (409) for one that never served.

        One that serves no more, because its releases failed, did serve. Of one that is retired another successor is
        said, where one is named.
        """
        ...

    async def add_release(self, service_id: str, new: NewRelease, act: Act) -> Release | None:
        """Copy the draft of a service; raises `BadRequest` (409) where another release has its version.

        So it does where the draft is another than `new.revision` says.
        """
        ...

    async def get_release(self, service_id: str, number: int) -> Release | None:
        """Find one by its number."""
        ...

    async def list_releases(self, service_id: str, *, limit: int = 50, before: int | None = None) -> Sequence[Release]:
        """List releases of a service, newest first, those with a number below `before`."""
        ...

    async def designs(self, release_ids: Collection[str]) -> Mapping[str, Design]:
        """Give what releases are made of, by their ids."""
        ...

    async def move_release(self, service_id: str, number: int, step: Step, act: Act) -> Release | None:
        """Do something to a release, all or nothing; raises `BadRequest` (409) where that cannot be done to it now.

        An approval holds until the release is withdrawn or refused. Raises `Denied` where it needs somebody else, what
        `step.check` raises, and `BadRequest` (409, `not_proven`).
        """
        ...

    async def add_evaluation(self, new: NewEvaluation, act: Act) -> Evaluation | None:
        """Write what a trial of a release gave; of those before only the newest are kept."""
        ...

    async def list_evaluations(self, release_id: str, *, limit: int = KEPT) -> Sequence[Evaluation]:
        """List what is kept of the trials of a release, the newest first."""
        ...

    async def published(self) -> tuple[int, Sequence[Published]]:
        """Give all that serves or did, as of one moment, and the edition of that."""
        ...

    async def due_releases(self, now: datetime) -> Sequence[tuple[Service, Release]]:
        """Give the scheduled releases whose time has come, the oldest first."""
        ...

    async def watched_releases(self) -> Sequence[Watched]:
        """Give the live releases that are watched still."""
        ...

    async def end_watch(self, release_id: str, until: datetime) -> None:
        """Watch a release no more that was watched until then; one that is watched anew meanwhile stays so."""
        ...
