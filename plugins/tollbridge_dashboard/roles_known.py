"""Roles to choose from."""

from dataclasses import replace

from tollbridge.screens import Asking, Field, Refused

_OF_THE_BRIDGE, _OF_TEAMS = "platform-admin", "team-admin"
"""Roles that are given in the whole bridge alone, and in teams alone."""


async def with_roles(field: Field, asking: Asking, *, bridge: bool, none: str = "") -> Field:
    """Give a field with the roles that are given there; a text where whoever asks may not see them.

    `none` is what stands for no role, where that may be chosen.
    """
    wrong = _OF_TEAMS if bridge else _OF_THE_BRIDGE
    try:
        names = [one["name"] async for one in asking.every("/roles")]
    except Refused:
        return replace(field, kind="text")
    choices = [(name, name) for name in names if name != wrong]
    return replace(field, choices=[("", none), *choices] if none else choices)
