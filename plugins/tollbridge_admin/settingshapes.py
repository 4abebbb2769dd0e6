"""What a gateway runs by, as the API says it.  No secret is in any of it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from tollbridge.seeing import Database, Disk, SectionInForce


class ProgramShown(msgspec.Struct, frozen=True, kw_only=True):
    """What runs.  `started_at` and `uptime_s` are of the worker that answered, null where none serves.

    `workers` are those of the configuration; a wrapped app is served by as many as its own server has.
    """

    version: str
    python: str
    started_at: datetime | None
    uptime_s: int | None
    workers: int
    wraps_app: bool
    config_file: str | None
    public_url: str | None


class OidcShown(msgspec.Struct, frozen=True):
    """An OpenID provider that people sign in with."""

    name: str
    title: str
    issuer: str


class SignInShown(msgspec.Struct, frozen=True, kw_only=True):
    """How people sign in, and for how long."""

    passwords: bool
    sign_up: bool
    oidc: Sequence[OidcShown]
    session_hours: float
    idle_hours: float
    identity_sources: Sequence[str]
    oauth: bool


class RetentionShown(msgspec.Struct, frozen=True, kw_only=True):
    """How long what is kept; null is for ever.

    `answer_content` says whether what callers of kept answers asked and were answered is kept as well.
    """

    answers_days: int
    answer_content: bool
    webhook_messages_days: int
    repeatable_answers_hours: int
    usage_days: int | None
    audit_days: int | None


class BackupShown(msgspec.Struct, frozen=True):
    """How the database and the data folder are copied.  The gateway makes no copy itself, and knows of none."""

    database: str
    files: Sequence[str]


class SettingsShown(msgspec.Struct, frozen=True, kw_only=True):
    """All that a gateway runs by: the sections of its configuration come last, in the order of the shipped file."""

    program: ProgramShown
    database: Database
    data_folder: Disk
    sign_in: SignInShown
    retention: RetentionShown
    backup: BackupShown
    sections: Sequence[SectionInForce]
