"""The key rings of one gateway, as `[secrets]` says where they are."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tollbridge.clock import Clock
from tollbridge.config import Config
from tollbridge.data import DataFolder
from tollbridge.sealing.homes import RingFile, RingPlace, RingVariable
from tollbridge.sealing.ring import KeyRing, RingRules
from tollbridge.sealing.sources import keepers_of

_WORDS = {"kek": ("key", "seal"), "pepper": ("pepper", "hash")}
"""What one of a ring is called, and what is done with it."""


@dataclass(frozen=True, slots=True)
class Rings:
    """`keys` seal what is stored, `peppers` are what secrets are hashed with."""

    keys: KeyRing
    peppers: KeyRing

    def check(self) -> None:
        """Refuse with `SetupError` what can be seen to be of no use without asking a key source."""
        self.keys.check()
        self.peppers.check()


def open_rings(
    config: Config,
    clock: Clock,
    env: Mapping[str, str],
    offered: Mapping[str, Any],
    *,
    learned: Callable[[str], None] = lambda _: None,
) -> Rings:
    """Make the rings, not read yet; raises `ConfigError` or `PluginError` for a key source that cannot be used.

    `offered` are the key sources of plugins, `learned` is told each key in hexadecimal once it is read.
    """
    keepers = keepers_of(config, offered)

    def ring(name: str, where: str, command: str, *, exact: bool) -> KeyRing:
        source = where if where in keepers else ""
        noun, does = _WORDS[name]
        rules = RingRules(name, source, exact, f"tollbridge {command}", noun=noun, does=does, learned=learned)
        return KeyRing(_place(name, where, config, env), clock, rules, keepers)

    return Rings(
        keys=ring("kek", config.secrets.keys, "secret rotate-key", exact=True),
        peppers=ring("pepper", config.secrets.pepper, "token rotate-pepper", exact=False),
    )


def _place(name: str, where: str, config: Config, env: Mapping[str, str]) -> RingPlace:
    kind, colon, named = where.partition(":")
    if not colon:
        return RingFile(config.data / name, DataFolder(config.data))
    if kind == "env":
        return RingVariable(named, env)
    return RingFile(config.base / os.path.expanduser(named))
