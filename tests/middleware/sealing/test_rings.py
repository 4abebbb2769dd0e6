"""From `[secrets]` to key rings."""

from pathlib import Path

import pytest
from tests.support.rings import NEW, NOON, OLD, Lockbox, rings, write_secret

from tollbridge.config import Config, SecretsConfig
from tollbridge.errors import ConfigError, SetupError
from tollbridge.sealing.rings import open_rings
from tollbridge.testing import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


def test_both_rings_are_in_the_data_folder_unless_said_otherwise(tmp_path: Path, clock: FixedClock) -> None:
    both = rings(tmp_path / "data", clock)

    assert both.keys.current() != both.peppers.current()
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["kek", "pepper"]


def test_rings_come_from_variables(tmp_path: Path, clock: FixedClock) -> None:
    env = {"RING": f"{OLD}\n2a {NEW}", "SALT": NEW}

    both = rings(tmp_path / "data", clock, keys="env:RING", pepper="env:SALT", env=env)
    both.check()

    assert [key.id for key in both.keys.newest_first()] == ["2a", "1"]
    assert both.peppers.current().content.hex() == NEW
    assert not (tmp_path / "data").exists()


def test_relative_file_is_beside_the_configuration_and_a_home_is_found(tmp_path: Path, clock, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    write_secret(tmp_path / "etc" / "ring", OLD)
    write_secret(tmp_path / "home" / "salt", NEW)
    config = Config(
        path=tmp_path / "etc" / "bridge.toml",
        data=tmp_path / "data",
        secrets=SecretsConfig(keys="file:ring", pepper="file:~/salt"),
    )

    both = open_rings(config, clock, {}, {})

    assert both.keys.current().content.hex() == OLD
    assert both.peppers.current().content.hex() == NEW


def test_check_names_what_is_missing_without_asking_a_source(tmp_path: Path, clock: FixedClock) -> None:
    with pytest.raises(SetupError, match="the environment variable SALT is not set"):
        rings(tmp_path / "data", clock, pepper="env:SALT").check()
    with pytest.raises(SetupError, match="there is no key file"):
        rings(tmp_path / "data", clock, keys=f"file:{tmp_path}/none").check()
    write_secret(tmp_path / "data" / "kek", "2a lockbox:AQID")
    rings(tmp_path / "data", clock, keys="lockbox", offered={"lockbox": Lockbox}).check()
    with pytest.raises(ConfigError, match=r"secrets\.lockbox: no installed plugin offers it"):
        rings(tmp_path / "data", clock, keys="lockbox")


def test_one_source_may_wrap_keys_and_peppers_and_does_not_mix_them_up(tmp_path: Path, clock: FixedClock) -> None:
    options = {"keys": "lockbox", "pepper": "lockbox", "offered": {"lockbox": Lockbox}}
    both = rings(tmp_path / "data", clock, **options)
    both.keys.current()
    both.peppers.current()
    (tmp_path / "data" / "kek").write_text((tmp_path / "data" / "pepper").read_text())

    with pytest.raises(SetupError, match="the source failed"):
        rings(tmp_path / "data", clock, **options).keys.load()
