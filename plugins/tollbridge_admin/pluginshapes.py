"""Plugins as the API says them."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec


class PluginShown(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin.

    `origin`: it is installed, or was given in code, which has no distribution. `off` says what keeps an installed one
    from being loaded: it stands in `[plugins] disabled`, or not in `allowed`. `registered` are names by kind, such as
    `policies` and `apps`; `policies` among them that calls of models pass are in `in_use`.
    """

    name: str
    origin: Literal["installed", "code"]
    distribution: str | None
    version: str | None
    module: str
    enabled: bool
    off: Literal["disabled", "not_allowed"] | None
    hooks: Sequence[str]
    registered: Mapping[str, Sequence[str]]
    in_use: Sequence[str]
    failures: int


class PluginsShown(msgspec.Struct, frozen=True, kw_only=True):
    """All plugins, by name.

    `failures` of each are those of its policies after a call, when the answer was out already, `policy_refusals` the
    calls that were refused because some policy failed or took longer than `timeout_s`. Both count since the start: of
    all workers where `counted` says so, else of the one that answered.
    """

    items: Sequence[PluginShown]
    timeout_s: float
    policy_refusals: int
    counted: Literal["worker", "workers"]
