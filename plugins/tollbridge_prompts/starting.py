"""Definitions to begin with.  They name no model yet: whoever takes one says which."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

STARTERS = ("sentiment", "translation", "extraction", "summary")


def starter(name: str) -> Mapping[str, Any]:
    """Read a starter: a design as a service's draft has it; raises `KeyError` for a name that is none of `STARTERS`."""
    if name not in STARTERS:
        raise KeyError(name)
    text = files(__package__).joinpath("starters", f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)
