"""The sections of the configuration about what the gateway does by itself."""

from dataclasses import dataclass

_WEEK = 7


@dataclass(frozen=True, slots=True)
class JobsConfig:
    """`[jobs]`: whether this process does jobs; those of one database need one process that does."""

    enabled: bool = True


@dataclass(frozen=True, slots=True)
class WebhooksConfig:
    """`[webhooks]`: where they may be, and how long messages are remembered."""

    allow_private: bool = False
    keep_days: int = 30

    def __post_init__(self) -> None:
        if self.keep_days < _WEEK:
            raise ValueError(f"keep_days must be at least {_WEEK}: a message is tried for three days")


@dataclass(frozen=True, slots=True)
class RotationConfig:
    """`[rotation]`: the folder below which new secrets are handed over into files; empty for nowhere."""

    folder: str = ""
