"""Where a provider's key comes from."""

from pathlib import Path

import pytest

from tollbridge.config import Config
from tollbridge.data import DataFolder
from tollbridge.errors import ConfigError, SetupError
from tollbridge.keys import read_key
from tollbridge.sealing.rings import open_rings
from tollbridge.testing import FixedClock
from tollbridge.vault import Box, Vault

WHERE = "providers.openai.api_key"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    data = DataFolder(tmp_path / "data")
    return Vault(data, Box(open_rings(Config(data=data.path), FixedClock(), {}, {}).keys))


def read(reference: str, vault: Vault, *, env: dict[str, str] | None = None, base: Path = Path()) -> str:
    return read_key(reference, env or {}, vault, where=WHERE, base=base)


def test_key_of_the_environment(vault: Vault) -> None:
    assert read("env:OPENAI_API_KEY", vault, env={"OPENAI_API_KEY": " sk-1\n"}) == "sk-1"


@pytest.mark.parametrize("env", [{}, {"OPENAI_API_KEY": ""}, {"OPENAI_API_KEY": " \n"}])
def test_variable_that_is_not_set_is_named_with_its_option(vault: Vault, env: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=f"^the environment variable OPENAI_API_KEY is not set; .*change {WHERE}$"):
        read("env:OPENAI_API_KEY", vault, env=env)


def test_key_of_a_file_beside_the_configuration(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "openai.key").write_text("sk-2\n")

    assert read("file:openai.key", vault, base=tmp_path) == "sk-2"


def test_key_of_a_file_anywhere(vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "openai.key").write_text("sk-3")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert read(f"file:{tmp_path}/openai.key", vault) == "sk-3"
    assert read("file:~/openai.key", vault) == "sk-3"


def test_empty_file_is_named(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "openai.key").write_text("\n")

    with pytest.raises(ConfigError, match=f"^{WHERE}: the key file .*openai.key is empty$"):
        read("file:openai.key", vault, base=tmp_path)


def test_file_that_is_not_there_says_what_to_do(vault: Vault, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read("file:none.key", vault, base=tmp_path)

    assert str(refused.value) == (
        f"{WHERE}: there is no key file {tmp_path}/none.key; write the key into it, readable by the gateway alone, "
        "or change the option"
    )


def test_folder_in_place_of_the_file_says_what_to_do(vault: Vault, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: Is a directory; check its owner and mode"):
        read("file:.", vault, base=tmp_path)


@pytest.mark.parametrize("path", [".", "~nobody-of-this-name/key", "nul\0.key", "latin.key"])
def test_file_that_cannot_be_read_says_why(vault: Vault, tmp_path: Path, path: str) -> None:
    (tmp_path / "latin.key").write_bytes(b"sk-\xe9")

    with pytest.raises(ConfigError, match=f"^{WHERE}: the key file .* cannot be read: "):
        read(f"file:{path}", vault, base=tmp_path)


def test_key_of_the_vault(vault: Vault) -> None:
    vault.put("openai", "sk-4")

    assert read("stored:openai", vault) == "sk-4"


def test_key_that_is_not_stored_says_how_to_store_it(vault: Vault) -> None:
    with pytest.raises(ConfigError, match=f"^{WHERE}: no secret 'openai' is stored; .*tollbridge secret set openai$"):
        read("stored:openai", vault)


def test_bad_name_of_a_stored_key_is_refused(vault: Vault) -> None:
    with pytest.raises(SetupError, match="is no name for a secret"):
        read("stored:../kek", vault)


@pytest.mark.parametrize("key", ["sk-é", "sk-1\r\nx-evil: 1", "sk-\t1", "sk-\x1b[2J", "sk-\u2028x"])
def test_key_that_cannot_go_into_a_header_is_refused_and_not_shown(vault: Vault, key: str) -> None:
    with pytest.raises(ConfigError, match=f"^{WHERE}: the key holds characters that cannot go into a header$"):
        read("env:KEY", vault, env={"KEY": key})


def test_key_that_is_an_object_is_put_in_one_line(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "account.json").write_text('{\n  "type": "service_account",\n  "private_key": "a\\nb"\n}\n')
    (tmp_path / "broken.key").write_text("{not an object}")

    assert read("file:account.json", vault, base=tmp_path) == '{"type": "service_account", "private_key": "a\\nb"}'
    assert read("file:broken.key", vault, base=tmp_path) == "{not an object}"
