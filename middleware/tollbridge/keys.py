"""Where a provider's key comes from: `env:NAME`, `file:PATH` or `stored:NAME`."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tollbridge.errors import ConfigError, NothingStored
from tollbridge.vault import Vault


def read_key(reference: str, env: Mapping[str, str], vault: Vault, *, where: str, base: Path) -> str:
    """Read the key a reference names; raises `ConfigError` saying which option of which section is empty.

    A relative `file:` path is taken from `base`, the folder of the configuration. Where no secret of the name is in the
    data folder it is a `NothingStored`.
    """
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = env.get(name, "")
        problem = f"the environment variable {name} is not set; set it, or change {where}"
    elif kind == "file":
        path = base / name
        try:
            path = base / Path(name).expanduser()
            value = path.read_text("utf-8")
        except FileNotFoundError:
            raise ConfigError(
                f"{where}: there is no key file {path}; write the key into it, readable by the gateway alone, or "
                "change the option"
            ) from None
        except OSError as exc:
            raise ConfigError(
                f"{where}: the key file {path} cannot be read: {exc.strerror}; check its owner and mode, or change "
                "the option"
            ) from exc
        except (ValueError, RuntimeError) as exc:
            raise ConfigError(f"{where}: the key file {path} cannot be read: {exc}") from exc
        problem = f"{where}: the key file {path} is empty"
    else:
        value = vault.get(name) or ""
        if not value:
            raise NothingStored(f"{where}: no secret {name!r} is stored; store it with: tollbridge secret set {name}")
        problem = f"{where}: the stored secret {name!r} is blank; store it with: tollbridge secret set {name}"
    value = value.strip()
    if not value:
        raise ConfigError(problem)
    try:
        return usable_key(value)
    except ValueError as exc:
        raise ConfigError(f"{where}: {exc}") from None


def usable_key(given: str) -> str:
    """Give a key as it is used: in one line.  Raises `ValueError`, without the key, for what cannot be one."""
    value = _in_one_line(given.strip())
    if not value:
        raise ValueError("the key is empty")
    if not value.isascii() or not value.isprintable():
        raise ValueError("the key holds characters that cannot go into a header")
    return value


def _in_one_line(value: str) -> str:
    """Write a key that is a JSON object, such as a service account's, without line breaks; any other stays."""
    if value.startswith("{"):
        with suppress(ValueError):
            return json.dumps(json.loads(value))
    return value
