"""What a command needs once it runs, and `--help` should not wait for."""

from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from tollbridge.config import Config

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end."""
    import asyncio

    return asyncio.run(work)


def read_config(path: Path | None) -> "Config":
    """Read the configuration that holds; raises `ConfigError`."""
    from tollbridge.config import load_config

    return load_config(path)


def where_config(path: Path | None) -> Path:
    """Say which file holds, there or not."""
    from tollbridge.config import DEFAULT_FILE, find_config

    return find_config(path) or Path(DEFAULT_FILE)
