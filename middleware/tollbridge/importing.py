"""The hashes of other systems that imported tokens are known by, with their keys from the vault."""

from tollbridge.config import Config
from tollbridge.errors import ConfigError
from tollbridge.tokens.foreign import ForeignHashes, key_names
from tollbridge.vault import Vault


def foreign_hashes(config: Config, vault: Vault) -> ForeignHashes:
    """Give what `[tokens] imported` names; raises `ConfigError` for a key that is not stored."""
    keys = {}
    for name in key_names(config.tokens.imported):
        key = vault.get(name)
        if not key:
            raise ConfigError(
                f"tokens.imported: no secret {name!r} is stored; store the key that hashed them with: "
                f"tollbridge secret set {name}"
            )
        keys[name] = key.encode("utf-8")
    return ForeignHashes(config.tokens.imported, keys)
