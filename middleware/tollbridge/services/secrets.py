"""What services show their upstreams: secrets that definitions name by reference, read anew for each call.

`stored:NAME` is looked for in the database first, where it was stored for services, then in the data folder. So the
next call uses a secret that was changed, without a release: one of the database on every worker, within a second.
"""

import asyncio
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tollbridge.errors import ConfigError, SetupError, Unavailable

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

Mark = tuple[int, int, int] | str | None
"""By which a changed file, or variable, is told."""


class ServiceSecrets:
    """Reads the secrets of one gateway.  A file is opened again only where it changed."""

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway
        self._known: dict[str, tuple[Mark, str]] = {}

    async def read(self, reference: str, where: str) -> str:
        """Give the secret of a reference, as it is now; raises `Unavailable` where it is not there.

        The log has why, and `where` the reference stands; the caller learns neither.
        """
        try:
            return await self._read(reference, where)
        except SetupError as exc:
            raise Unavailable(
                "this service cannot be called now: a secret that it needs is missing; tell its operator",
                code="secret_missing",
                detail=str(exc),
            ) from None

    async def lacking(self, references: Iterable[str]) -> Sequence[str]:
        """Name the references behind which there is nothing."""
        found = []
        for reference in references:
            try:
                await self._read(reference, reference)
            except (SetupError, Unavailable):
                found.append(reference)
        return found

    async def _read(self, reference: str, where: str) -> str:
        gateway, (kind, _, name) = self._gateway, reference.partition(":")
        if kind not in ("env", "file", "stored") or not name:
            raise ConfigError(f"{where}: {kind[:20]!r} is no place of secrets")
        if kind == "stored":
            kept = await gateway.secrets.of_services(name)
            if kept is not None:
                return kept
        mark = self._mark(kind, name)
        before = self._known.get(reference)
        if before is not None and mark is not None and before[0] == mark:
            return before[1]
        secret = await asyncio.to_thread(gateway.read_key, reference, where)
        self._known[reference] = (mark, secret)
        return secret

    def _mark(self, kind: str, name: str) -> Mark:
        if kind == "env":
            return self._gateway.env.get(name)
        try:
            named = self._gateway.config.base / Path(name).expanduser() if kind == "file" else None
            found = os.stat(named or self._gateway.vault.path(name))
        except (OSError, RuntimeError, ValueError):
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns
