"""The seam to the audit log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from tollbridge.audit import Act, AuditRecord


class AuditStore(Protocol):
    """The audit log.  Each change of `AdminStore` is one record, written with it or not at all."""

    async def note(
        self, act: Act, action: str, target: str, before: object = None, after: object = None
    ) -> AuditRecord:
        """Record what is changed elsewhere, or only read; committed when this returns."""
        ...

    async def list_audit(
        self,
        *,
        limit: int = 50,
        before: int | None = None,
        actor: str = "",
        action: str = "",
        target: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[AuditRecord]:
        """List records, newest first, at most `limit` of those with a number below `before`.

        `action` may be the beginning of one, such as `token.`; `since` and before `until` it was done.
        """
        ...

    async def follow_audit(self, after: int = 0, *, limit: int = 500) -> Sequence[AuditRecord]:
        """Give the records that follow a number, in order."""
        ...
