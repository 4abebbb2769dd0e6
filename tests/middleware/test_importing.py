"""The hashes of other systems, with their keys from the vault."""

import hashlib
import hmac

import pytest
from tests.support.rings import rings

from tollbridge.config import load_config
from tollbridge.data import DataFolder
from tollbridge.errors import ConfigError
from tollbridge.importing import foreign_hashes
from tollbridge.testing import FixedClock
from tollbridge.vault import Box, Vault


def config(data, *names: str):
    return load_config({"tokens": {"imported": list(names)}}, {"TOLLBRIDGE_DATA": str(data)})


def test_keys_come_from_the_vault(tmp_path) -> None:
    vault = Vault(DataFolder(tmp_path), Box(rings(tmp_path, FixedClock()).keys))
    vault.put("old", "the key")

    found = foreign_hashes(config(tmp_path, "sha256", "hmac:old"), vault)

    exported = f"hmac:old:{hmac.new(b'the key', b'sk-1', hashlib.sha256).hexdigest()}"
    assert found.read(exported) in list(found.materials(b"sk-1"))


def test_key_that_is_not_stored_is_named_with_what_to_do(tmp_path) -> None:
    vault = Vault(DataFolder(tmp_path), Box(rings(tmp_path, FixedClock()).keys))

    with pytest.raises(ConfigError, match=r"tokens.imported: no secret 'old' is stored; .* tollbridge secret set old"):
        foreign_hashes(config(tmp_path, "hmac:old"), vault)


@pytest.mark.parametrize("name", ["md5", "hmac", "hmac:", "sha256 ", "hmac:../x"])
def test_way_that_nobody_knows_is_refused(tmp_path, name: str) -> None:
    with pytest.raises(ConfigError, match="imported names"):
        config(tmp_path, name)
