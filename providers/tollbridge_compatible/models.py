"""Reads models.toml: what the biggest hosts of services.toml call their models, and what they ask for them."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from tollbridge import Models


def models_of(host: str) -> Models:
    """Give the models of a host, none where the file has no table of it; it is read when they are first asked for."""
    where = f"{__package__}/models.toml: {host}"
    return Models(read=lambda: Models.from_table(tables().get(host, {}), where=where).by_name)


@cache
def tables() -> Mapping[str, Mapping[str, Any]]:
    """Give the tables that ship with this package, by host."""
    return tomllib.loads(files(__package__).joinpath("models.toml").read_text("utf-8"))
