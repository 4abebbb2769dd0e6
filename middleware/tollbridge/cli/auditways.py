"""The two ways of `tollbridge audit`: the store of a configuration, and the admin API of a gateway elsewhere."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tollbridge.cli.output import check_one_place
from tollbridge.cli.places import Where
from tollbridge.cli.tokenwords import with_tokens

if TYPE_CHECKING:
    from tollbridge.audit import AuditRecord
    from tollbridge.cli.asking import Asking

_PAGE = 500
_OF_RECORD = ("action", "target", "before", "after", "digest")


@dataclass(frozen=True, slots=True)
class Verified:
    """What verifying found: number and digest of the last record, and whether the noted head was there."""

    number: int
    digest: str
    breaks: Sequence[Mapping[str, Any]]
    known: bool


class Log(ABC):
    """An audit log; records are in the words of `--json`."""

    @abstractmethod
    def list(self, limit: int, before: int | None, wanted: Mapping[str, str]) -> Sequence[dict[str, Any]]:
        """List records, newest first; `wanted` are `actor`, `action` and `target`, empty for any."""

    @abstractmethod
    def verify(self, head: str) -> Verified:
        """Verify the whole log, and look for the `NUMBER:DIGEST` that was noted, if there is one."""


@contextmanager
def the_log(where: Where) -> Iterator[Log]:
    """Give the log that the options name; raises a usage error where both are named, or a token alone."""
    check_one_place(where.config, where.url, where.token)
    if not where.url:
        yield Here(where.config)
        return
    from tollbridge.cli.remote import Remote  # brings HTTP

    with Remote(where.url, where.token) as asking:
        yield There(asking)


class Here(Log):
    """The log in the store of a configuration."""

    def __init__(self, config: Path | None) -> None:
        self._config = config

    def list(self, limit: int, before: int | None, wanted: Mapping[str, str]) -> Sequence[dict[str, Any]]:
        async def work(offline: Any) -> Any:
            return await offline.store.list_audit(limit=limit, before=before, **wanted)

        from tollbridge.recorded import shown_change  # brings msgspec

        return [_shown(record, shown_change) for record in with_tokens(self._config, work)]

    def verify(self, head: str) -> Verified:
        async def work(offline: Any) -> Verified:
            from tollbridge.audit import FIRST, breaks  # brings msgspec

            key, last, number = await offline.audit_key(), FIRST, 0
            found: list[Any] = []
            known = not head
            while page := await offline.store.follow_audit(number, limit=_PAGE):
                found += breaks(page, key, after=last, number=number)
                known = known or any(f"{one.number}:{one.digest.hex()}" == head for one in page)
                number, last = page[-1].number, page[-1].digest
            return Verified(number, last.hex(), [{"number": one.number, "why": one.why} for one in found], known)

        return with_tokens(self._config, work)


class There(Log):
    """The log of a gateway elsewhere, which verifies it itself: the key never leaves it."""

    def __init__(self, asking: "Asking") -> None:
        self._asking = asking

    def list(self, limit: int, before: int | None, wanted: Mapping[str, str]) -> Sequence[dict[str, Any]]:
        said = {name: value or None for name, value in wanted.items()}
        return [_flat(record) for record in self._asking.items("/audit", {**said, "before": before}, most=limit)]

    def verify(self, head: str) -> Verified:
        known = not head or self._has(head)
        number, digest = 0, ""
        breaks: list[Mapping[str, Any]] = []
        for page in self._asking.pages("/audit/verify"):
            number, digest = page["number"], page["digest"]
            breaks += page["breaks"]
        return Verified(number, digest, breaks, known)

    def _has(self, head: str) -> bool:
        number = int(head.partition(":")[0])
        found = self._asking.items("/audit", {"before": number + 1}, most=1)
        return any(f"{one['number']}:{one['digest']}" == head for one in found)


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    actor = record["actor"]
    return {
        "number": record["number"],
        "at": record["at"],
        "actor": actor["id"],
        **{name: actor[name] or None for name in ("via", "client", "call_id")},
        **{name: record[name] for name in _OF_RECORD},
    }


def _shown(record: "AuditRecord", shown_change: Callable[[str], Any]) -> dict[str, object]:
    actor = record.actor
    return {
        "number": record.number,
        "at": datetime.fromtimestamp(record.at_us / 1_000_000, UTC),
        "actor": actor.id,
        "via": actor.via,
        "client": actor.client or None,
        "call_id": actor.call_id or None,
        "action": record.action,
        "target": record.target,
        "before": shown_change(record.before),
        "after": shown_change(record.after),
        "digest": record.digest.hex(),
    }
