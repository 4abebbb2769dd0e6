"""The configuration in force, and what the gateway stands on.  It is the whole bridge's."""

import asyncio
import platform
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

from tollbridge import Denied, Gateway
from tollbridge.administering import clean
from tollbridge.seeing import VERSION, database_of, disk_of, sections_in_force
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.repeats import KEEP_S
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.settingshapes import (
    BackupShown,
    OidcShown,
    ProgramShown,
    RetentionShown,
    SettingsShown,
    SignInShown,
)
from tollbridge_admin.tags import tag_of

READ = "admin:settings:read"
_HOUR_S = 3600
_SQLITE = "sqlite"
_COPIES = {
    _SQLITE: 'sqlite3 {path} ".backup copy.db"',
    "postgresql": "pg_dump",
}
"""How each kind of database is copied while it is used."""
_FILES = ("pepper", "admin.key", "kek", "vault/")
_PASSING = ("program", "database", "data_folder")


class Settings:
    """Answers with them.  Made when the gateway starts, which is when this worker began to serve."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._since = gateway.clock.now()

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        more: Mapping[str, Any] = {"takes": Nothing, "gives": SettingsShown, "tagged": True}
        return (route("GET", "/settings", self.get_settings, scope=READ, **more),)

    async def get_settings(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show the configuration in force, where each option comes from, and what the gateway stands on."""
        if asked.caller.team:
            raise Denied("settings are the whole bridge's; a token with a team sees none", code="out_of_reach")
        shown = await asyncio.to_thread(self._shown)
        return Answer(shown, tag=tag_of(shown, *_PASSING))

    def _shown(self) -> SettingsShown:
        """Look at all of it; waits for the database and the disk."""
        gateway = self._gateway
        database = database_of(gateway)
        return SettingsShown(
            program=self._program(),
            database=database,
            data_folder=disk_of(gateway.data.path),
            sign_in=self._sign_in(),
            retention=self._retention(),
            backup=_backup(database.kind, gateway.config.store_url),
            sections=sections_in_force(gateway.config, gateway.registry, gateway.env),
        )

    def _program(self) -> ProgramShown:
        gateway, now = self._gateway, self._gateway.clock.now()
        config = gateway.config
        return ProgramShown(
            version=VERSION,
            python=platform.python_version(),
            started_at=self._since if gateway.started else None,
            uptime_s=int((now - self._since).total_seconds()) if gateway.started else None,
            workers=config.server.workers,
            wraps_app=gateway.app is not None,
            config_file=None if config.path is None else str(config.path),
            public_url=config.server.public_url or None,
        )

    def _sign_in(self) -> SignInShown:
        config = self._gateway.config
        found = [OidcShown(name, one.title or name, clean(one.issuer)) for name, one in config.signin.oidc.items()]
        return SignInShown(
            passwords=config.signin.passwords,
            sign_up=config.signin.sign_up,
            oidc=found,
            session_hours=config.sessions.hours,
            idle_hours=config.sessions.idle_hours,
            identity_sources=list(config.identity),
            oauth=config.oauth.enabled,
        )

    def _retention(self) -> RetentionShown:
        config = self._gateway.config
        return RetentionShown(
            answers_days=config.answers.keep_days,
            answer_content=config.answers.keep,
            webhook_messages_days=config.webhooks.keep_days,
            repeatable_answers_hours=int(KEEP_S // _HOUR_S),
            usage_days=None,
            audit_days=None,
        )


def _backup(kind: str, url: str) -> BackupShown:
    path = url.partition(f"{_SQLITE}:///")[2]
    return BackupShown(_COPIES.get(kind, "").format(path=quote(path)), _FILES)
