"""The alarm of a canary: a token that lies where nobody should find it, and whose use means that somebody did."""

from collections.abc import Callable

import structlog

from tollbridge.call import Call
from tollbridge.stores.base import HotStore
from tollbridge.tokens.model import Principal

log = structlog.get_logger("tollbridge")


class CanaryAlarm:
    """Says which canary was used, when, from where and for what: in the log, in the metrics, and of the token.

    `counted` is told of each use.
    """

    def __init__(self, store: HotStore, counted: Callable[[], None]) -> None:
        self._store = store
        self._counted = counted

    def __call__(self, call: Call, principal: Principal) -> None:
        self._counted()
        used_for = call.operation.scope if call.operation is not None else ""
        self._store.touch(principal.id, call.received, call.client, used_for)
        log.error(
            "canary_token_used",
            token_id=principal.id,
            token=principal.name,
            call_id=call.id,
            client=call.client,
            used_for=used_for,
        )
