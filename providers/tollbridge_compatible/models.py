"""Reads models.toml: what the biggest hosts of services.toml call their models, and what they ask for them."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files

from tollbridge import Models


def load_models() -> Mapping[str, Models]:
    """Read the models that ship with this package, by the id of their host; raises `ConfigError`."""
    tables = tomllib.loads(files(__package__).joinpath("models.toml").read_text("utf-8"))
    return {
        host: Models.from_table(table, where=f"{__package__}/models.toml: {host}") for host, table in tables.items()
    }
