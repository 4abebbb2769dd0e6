"""Where a provider's key comes from: `env:NAME`, `file:PATH` or `stored:NAME`."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tollbridge.errors import ConfigError
from tollbridge.vault import Vault


def read_key(reference: str, env: Mapping[str, str], vault: Vault, *, where: str, base: Path) -> str:
    """Read the key a reference names; raises `ConfigError` saying which option of which section is empty.

    A relative `file:` path is taken from `base`, the folder of the configuration.
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
        problem = f"{where}: no secret {name!r} is stored; store it with: tollbridge secret set {name}"
    value = _in_one_line(value.strip())
    if not value:
        raise ConfigError(problem)
    if not value.isascii() or not value.isprintable():
        raise ConfigError(f"{where}: the key holds characters that cannot go into a header")
    return value


def _in_one_line(value: str) -> str:
    """Write a key that is a JSON object, such as a service account's, without line breaks; any other stays."""
    if value.startswith("{"):
        with suppress(ValueError):
            return json.dumps(json.loads(value))
    return value
