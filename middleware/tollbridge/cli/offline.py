"""A gateway's store and tokens without the gateway, for commands."""

from pathlib import Path
from typing import Self

from tollbridge.clock import SystemClock
from tollbridge.config import load_config
from tollbridge.data import DataFolder
from tollbridge.opening import open_store, open_with_secrets
from tollbridge.plugins import Plugins
from tollbridge.tokens.service import TokenService


class Offline:
    """Opens the store of a configuration; raises `SetupError`."""

    def __init__(self, config: Path | None) -> None:
        self.config = load_config(config)
        self.clock = SystemClock()
        self.data = DataFolder(self.config.data)
        settings = self.config.plugins
        factories = {}
        if not self.config.store_url.startswith("sqlite:"):
            factories = Plugins(allowed=settings.allowed, disabled=settings.disabled).register_all().stores
        self.store = open_store(self.config, self.clock, factories)

    async def __aenter__(self) -> Self:
        (pepper,) = await open_with_secrets(self.store, self.data, "pepper")
        self.tokens = TokenService(self.store, self.store, pepper, self.clock)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.store.close()
