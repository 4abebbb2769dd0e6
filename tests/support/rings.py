"""Key rings of a test, and a key source that stands for a KMS."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tollbridge.config import Config, SecretsConfig
from tollbridge.sealing.rings import Rings, open_rings
from tollbridge.testing import FixedClock

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""When the clock of a test begins."""
OLD = "0123456789abcdef" * 4
NEW = "fedcba9876543210" * 4
MASTER = bytes(range(32))


@dataclass(frozen=True)
class Lockbox:
    """A KMS of a few lines: it keeps its master key, and what it wraps opens under the same label alone."""

    region: str = "here"
    asked: list[str] = field(default_factory=list, compare=False)

    async def wrap(self, key: bytes, label: str) -> bytes:
        self.asked.append(f"wrap {label}")
        return label.encode() + b"|" + bytes(a ^ b for a, b in zip(key, MASTER, strict=True))

    def unwrap(self, wrapped: bytes, label: str) -> bytes:
        self.asked.append(f"unwrap {label}")
        bound, _, content = wrapped.partition(b"|")
        if bound != label.encode():
            raise ValueError(f"{content!r} was not wrapped as {label}")
        return bytes(a ^ b for a, b in zip(content, MASTER, strict=True))


def rings(
    data: Path,
    clock: FixedClock,
    *,
    keys: str = "data",
    pepper: str = "data",
    env: Mapping[str, str] | None = None,
    offered: Mapping[str, Any] | None = None,
    sources: Mapping[str, Mapping[str, object]] | None = None,
) -> Rings:
    """Open the rings of a data folder."""
    config = Config(data=data, secrets=SecretsConfig(keys, pepper), key_sources=sources or {})
    return open_rings(config, clock, env or {}, offered or {})


def write_secret(path: Path, text: str, mode: int = 0o600) -> Path:
    """Write a file of that mode, in a folder that need not be there."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch()
    os.chmod(path, mode)
    path.write_text(text)
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    return path
