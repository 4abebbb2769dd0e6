"""Keys of providers as the API says them: a key goes in, and never comes out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge.administering import LONGEST_KEY, STORED_NAME, Checked, ProviderKey, StoredSecret
from tollbridge_admin.paging import Cursor, Limit
from tollbridge_admin.tags import tag_of
from tollbridge_admin.tokenshapes import DAY_S, Moment, Overlap, Wish

Secret = Annotated[
    str,
    Meta(min_length=1, max_length=LONGEST_KEY, description="The key itself.", extra_json_schema={"writeOnly": True}),
]
ProviderName = Annotated[str, Meta(min_length=1, max_length=100, description="The provider's id, such as openai.")]
KeyName = Annotated[str, Meta(extra_json_schema={"pattern": f"^{STORED_NAME}$"})]
Version = Annotated[int, Meta(ge=1, le=2_000_000_000)]


class NewProviderKeyWish(Wish, frozen=True):
    """A key of a provider; its name is the one that the provider reads unless another is said."""

    provider: ProviderName
    key: Secret
    name: KeyName | UnsetType = UNSET
    expires_at: Moment | None = None


class ProviderKeyRotation(Wish, frozen=True):
    """A further key; the one before is shown for the overlap where the provider refuses this one."""

    key: Secret
    overlap_s: Overlap = DAY_S
    expires_at: Moment | None = None


class ProviderKeyPatch(Wish, frozen=True):
    """When a version ends, the newest unless another is said; null for never."""

    expires_at: Moment | UnsetType | None = UNSET
    version: Version | UnsetType = UNSET


class ProviderKeyRemoval(Wish, frozen=True):
    """Which version is removed; all unless one is said."""

    version: Version | UnsetType = UNSET


class ProviderKeysAsked(Wish, frozen=True):
    """Which keys are listed."""

    provider: Annotated[str, Meta(max_length=100, description="Only those of this provider.")] = ""
    limit: Limit = 50
    after: Cursor = ""


class KeyVersionShown(msgspec.Struct, frozen=True):
    """One version of a key; `hint` are its last four characters where it is long."""

    version: int
    state: Literal["live", "ended"]
    hint: str | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class ProviderKeyShown(msgspec.Struct, frozen=True):
    """A provider's key; `in_use`: the provider takes its key from here."""

    name: str
    provider: str
    in_use: bool
    versions: Sequence[KeyVersionShown]


class ProviderKeysShown(msgspec.Struct, frozen=True):
    """A page of keys; `next` is the cursor of the page behind it."""

    items: Sequence[ProviderKeyShown]
    next: str | None


class CheckedShown(msgspec.Struct, frozen=True):
    """What was found out of one version: `status` is what the provider answered, 0 for nothing."""

    version: int
    result: Literal["ok", "refused", "unreachable", "unknown"]
    status: int
    detail: str


class ManyChecked(msgspec.Struct, frozen=True):
    """What was found out of each live version, the newest first."""

    items: Sequence[CheckedShown]


def shown(key: ProviderKey, now: datetime) -> ProviderKeyShown:
    """Give a key as it is shown."""
    return ProviderKeyShown(key.name, key.provider, key.in_use, [_version(one, now) for one in key.versions])


class _Tagged(msgspec.Struct, frozen=True):
    """What an entity tag of a key stands for: `passing` changes by use and by time alone."""

    key: ProviderKeyShown
    passing: Sequence[tuple[str, datetime | None]]


def tag_for(shown: ProviderKeyShown) -> str:
    """Give the entity tag of a key."""
    passing = [(one.state, one.last_used_at) for one in shown.versions]
    still = [msgspec.structs.replace(one, state="live", last_used_at=None) for one in shown.versions]
    return tag_of(_Tagged(msgspec.structs.replace(shown, versions=still), passing), "passing")


def checked(version: int, found: Checked) -> CheckedShown:
    """Give what was found out of a version."""
    return CheckedShown(version, found.result.value, found.status, found.detail)


def _version(one: StoredSecret, now: datetime) -> KeyVersionShown:
    state: Literal["live", "ended"] = "live" if one.is_live(now) else "ended"
    return KeyVersionShown(one.version, state, one.hint or None, one.created_at, one.expires_at, one.last_used_at)
