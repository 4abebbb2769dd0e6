"""Other keepers of keys than a file: what a plugin brings for `[secrets.<name>]`, such as a KMS.

Its master key stays with it. The keys of a ring are made here, handed over once to be wrapped, kept wrapped beside the
data, and unwrapped by it at start.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, Protocol

from tollbridge.config import Config
from tollbridge.errors import ConfigError, PluginError, SetupError, without_words
from tollbridge.options import build, suggest


class KeySource(Protocol):
    """Wraps and unwraps keys; a KMS by its master key, a secret manager by keeping the key and giving its name.

    Both methods may be plain or async. They run at start and where a key was added, in a thread and, where async, an
    event loop of their own: make clients inside. What they raise, and taking longer than `[plugins] timeout_s`, stops
    the start; a `SetupError` is shown as it is, of anything else the class and line alone.
    """

    def wrap(self, key: bytes, label: str) -> bytes | Awaitable[bytes]:
        """Give what stands for a key of 32 bytes in the ring, any bytes; without this source they are worth nothing.

        `label` names the key, as `kek 8f3a91c2`: bind it, as the encryption context of a KMS.
        """
        ...

    def unwrap(self, wrapped: bytes, label: str) -> bytes | Awaitable[bytes]:
        """Give the key that was wrapped under this label; raises for any other."""
        ...


@dataclass(frozen=True, slots=True)
class Keeper:
    """A key source under its name in the configuration, and how many seconds it may take."""

    name: str
    source: KeySource = field(repr=False)
    timeout_s: float = 5.0

    def wrap(self, key: bytes, label: str) -> bytes:
        """Have a key wrapped; raises `SetupError`."""
        return self._asked(self.source.wrap, key, label)

    def unwrap(self, wrapped: bytes, label: str) -> bytes:
        """Have a key unwrapped; raises `SetupError`."""
        return self._asked(self.source.unwrap, wrapped, label)

    def _asked(self, method: Callable[[bytes, str], bytes | Awaitable[bytes]], content: bytes, label: str) -> bytes:
        answer: Future[object] = Future()

        def ask() -> None:
            try:
                given = method(content, label)
                answer.set_result(asyncio.run(_awaited(given)) if inspect.isawaitable(given) else given)
            except BaseException as exc:
                answer.set_exception(exc)

        Thread(target=ask, name=f"tollbridge-keys-{self.name}", daemon=True).start()
        where = f"secrets.{self.name}: the key {label!r}"
        try:
            given = answer.result(self.timeout_s)
        except SetupError:
            raise
        except TimeoutError:
            raise SetupError(f"{where}: no answer came within {self.timeout_s:g} s") from None
        except BaseException as exc:
            raise SetupError(f"{where}: the source failed: {without_words(exc)}") from None
        if not isinstance(given, bytes) or not given:
            raise SetupError(f"{where}: the source gave no bytes")
        return given


async def _awaited(given: Awaitable[bytes]) -> bytes:
    return await given


def keepers_of(config: Config, offered: Mapping[str, Any]) -> dict[str, Keeper]:
    """Make the key sources that `[secrets]` names; raises `ConfigError` or `PluginError`."""
    keepers = {}
    for name in sources_named(config):
        source = offered.get(name)
        if source is None:
            raise ConfigError(f"secrets.{name}: no installed plugin offers it{suggest(name, offered)}")
        made = build(source, config.key_sources.get(name, {}), f"secrets.{name}")
        for method in ("wrap", "unwrap"):
            if not callable(getattr(made, method, None)):
                raise PluginError(f"the key source {name!r} must have: def {method}(self, content, label)")
        keepers[name] = Keeper(name, made, config.plugins.timeout_s)
    return keepers


def sources_named(config: Config) -> tuple[str, ...]:
    """Give the names of the key sources that the configuration asks for."""
    chosen = (config.secrets.keys, config.secrets.pepper)
    named = [choice for choice in chosen if choice != "data" and ":" not in choice]
    return tuple(dict.fromkeys([*config.key_sources, *named]))
