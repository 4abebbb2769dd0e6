import tomllib
from importlib.resources import files

import pytest

from tollbridge.config import parse_config
from tollbridge.errors import ConfigError
from tollbridge.oauthsettings import RESOURCE, OAuthConfig, well_known_url


def test_nothing_said_is_no_server():
    assert parse_config({}).oauth == OAuthConfig()
    assert parse_config({}).oauth.enabled is False


def test_shipped_file_shows_every_option_with_its_default():
    shown = tomllib.loads(files("tollbridge.conf").joinpath("tollbridge.toml").read_text())["oauth"]

    assert parse_config({"oauth": shown}).oauth == OAuthConfig()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"code_s": 9}, "code_s must be 10 to 600 seconds"),
        ({"code_s": 601}, "code_s must be 10 to 600 seconds"),
        ({"device_s": 59}, "device_s must be 60 to 1800 seconds"),
        ({"refresh_grace_s": -1}, "refresh_grace_s must be 0 to 60 seconds"),
        ({"refresh_grace_s": 61}, "refresh_grace_s must be 0 to 60 seconds"),
        ({"audiences": [""]}, "audiences are names"),
        ({"audiences": ["a b"]}, "audiences are names"),
        ({"registration": True}, "registration needs registration_token"),
        ({"registration": True, "registration_token": "the token itself"}, "env:NAME, file:PATH or stored:NAME"),
    ],
)
def test_options_that_cannot_be_are_refused(options, said):
    with pytest.raises(ConfigError, match=said):
        parse_config({"oauth": options})


def test_name_of_a_well_known_document_stands_before_the_issuers_path():
    assert well_known_url("https://gw.example", RESOURCE) == f"https://gw.example/.well-known/{RESOURCE}"
    assert well_known_url("https://a.example:8443/gw", RESOURCE) == f"https://a.example:8443/.well-known/{RESOURCE}/gw"
