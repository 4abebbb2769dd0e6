"""What an attempt left behind that ended without a word: a worker died after it was done and before it was answered.

Who asks again under the same `Idempotency-Key` has not had the secret that was made, and nobody else has it. So it is
taken back before it is made again. The audit log tells what an attempt did: its records name the request.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from tollbridge import Gateway, TokenState
from tollbridge.administering import Actor, AuditRecord
from tollbridge_admin.asking import Asked

_SLACK_MS = 600_000
"""By how much clocks of workers may differ."""
_PAGE = 200

Undo = Callable[[Actor, AuditRecord], Awaitable[object]]


class Orphans:
    """Takes back what nobody was given."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._undo: Mapping[str, Undo] = {
            "token.issue": self._end_token,
            "client.add": self._end_token,
            "token.rotate": self._withdraw,
            "credential.add": self._remove_credential,
            "credential.rotate": self._remove_credential,
            "webhook.create": self._remove_webhook,
            "webhook.rotate": self._withdraw_from_webhook,
        }

    async def end(self, asked: Asked, run: str) -> None:
        """Take back what a request of the same caller made, known by its id; may be done again.

        Raises `Unavailable`, and whatever a change may be refused with.
        """
        async for record in self._records(asked.caller.id, run):
            undo = self._undo.get(record.action)
            if undo is not None:
                await undo(asked.actor, record)

    async def _records(self, caller: str, run: str) -> AsyncIterator[AuditRecord]:
        """Give the records of a request, newest first; its id says when it began."""
        before, began_ms = None, int(run.partition("_")[2][:12], 16) - _SLACK_MS
        while True:
            page = await self._gateway.store.list_audit(limit=_PAGE, before=before, actor=caller)
            for record in page:
                if record.actor.call_id == run:
                    yield record
            if len(page) < _PAGE or page[-1].at_us // 1_000 < began_ms:
                return
            before = page[-1].number

    async def _end_token(self, by: Actor, record: AuditRecord) -> None:
        token = await self._gateway.store.get_token(record.target)
        if token is not None and token.state is not TokenState.REVOKED:
            await self._gateway.tokens.revoke(token.id, by=by)

    async def _withdraw(self, by: Actor, record: AuditRecord) -> None:
        said = msgspec.json.decode(record.after, type=dict[str, str | None])
        await self._gateway.rotations.withdraw(record.target, said["secret"] or "", by=by)

    async def _remove_credential(self, by: Actor, record: AuditRecord) -> None:
        said = msgspec.json.decode(record.after, type=dict[str, str | None])
        await self._gateway.credentials.remove(record.target, said["credential"] or "", by=by)

    async def _remove_webhook(self, by: Actor, record: AuditRecord) -> None:
        await self._gateway.webhooks.remove(record.target, by=by)

    async def _withdraw_from_webhook(self, by: Actor, record: AuditRecord) -> None:
        made_at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=record.at_us)
        await self._gateway.webhooks.withdraw_secret(record.target, made_at, by=by)
