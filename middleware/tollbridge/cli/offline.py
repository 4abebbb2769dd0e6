"""A gateway's store and tokens without the gateway, for commands."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from tollbridge.clock import Clock, SystemClock
from tollbridge.config import Config, load_config
from tollbridge.data import DataFolder
from tollbridge.errors import NoDatabase
from tollbridge.importing import foreign_hashes
from tollbridge.opening import is_new, open_store, open_with_secrets
from tollbridge.operators import operator
from tollbridge.ownkeys import AUDIT, OwnKey
from tollbridge.plugins import Plugins
from tollbridge.proving import accept, prove_keys
from tollbridge.registry import Registry
from tollbridge.sealing.rings import Rings, open_rings
from tollbridge.sealing.sources import sources_named
from tollbridge.tokens.peppers import Peppers
from tollbridge.tokens.service import TokenService
from tollbridge.vault import Box, Vault


def store_factories(config: Config) -> dict[str, Any]:
    """Give what plugins open stores with; they are not loaded for a file of our own.  Raises `PluginError`."""
    if config.store_url.startswith("sqlite:"):
        return {}
    return _offered(config).stores


def rings_of(config: Config, clock: Clock) -> Rings:
    """Give the key rings; plugins are loaded only where the configuration names a key source.  Raises `SetupError`."""
    offered = _offered(config).key_sources if sources_named(config) else {}
    return open_rings(config, clock, os.environ, offered)


def _offered(config: Config) -> Registry:
    settings = config.plugins
    return Plugins(allowed=settings.allowed, disabled=settings.disabled).register_all()


class Offline:
    """Opens the store of a configuration; raises `SetupError`, also where there is none yet unless it `makes` one."""

    def __init__(self, config: Path | None, *, makes: bool = False) -> None:
        self._makes = makes
        self.config = load_config(config)
        self.clock = SystemClock()
        self.actor = operator()
        self.data = DataFolder(self.config.data)
        self.rings = rings_of(self.config, self.clock)
        self.box = Box(self.rings.keys)
        self.vault = Vault(self.data, self.box)
        self._factories = store_factories(self.config)
        self.store = open_store(self.config, self.clock, self._factories)

    async def is_new(self) -> bool:
        """Whether there is no database yet, as far as what opens it says; raises `StoreError`."""
        return await asyncio.to_thread(is_new, self.config, self._factories)

    async def prove_keys(self) -> None:
        """Refuse keys that are not those of the database; raises `SetupError`."""
        await prove_keys(self.store, self.rings.keys)

    async def accept_peppers(self) -> Sequence[str]:
        """Take the peppers at hand for those of the database, and give the ids of those given up."""
        return await accept(self.store, self.rings)

    async def __aenter__(self) -> Self:
        if not self._makes and await self.is_new():
            raise NoDatabase
        await open_with_secrets(self.store, self.data, rings=self.rings)
        self.audit_key = OwnKey(self.store, self.box, AUDIT)
        self.tokens = TokenService(
            self.store,
            self.store,
            Peppers(self.rings.peppers, self.clock),
            self.clock,
            audit_key=self.audit_key,
            rotation_days=self.config.tokens.rotation_days,
            teams=self.store.people,
            foreign=foreign_hashes(self.config, self.vault),
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.store.close()
