import tomllib
from dataclasses import fields
from importlib.resources import files

import pytest

from tollbridge.config import parse_config
from tollbridge.errors import ConfigError
from tollbridge.signinsettings import GroupRole, OidcConfig, SessionsConfig, SignInConfig

CORP = {"issuer": "https://login.example", "client_id": "gw"}


def test_nothing_said_is_a_working_day_and_a_quarter_of_an_hour():
    config = parse_config({})

    assert config.sessions == SessionsConfig(12.0, 8.0, 15.0)
    assert config.signin == SignInConfig(passwords=True, oidc={})


def test_provider_is_read_with_its_groups():
    groups = {"admins": {"role": "platform-admin"}, "A team, blue": {"role": "developer", "team": "blue"}}

    config = parse_config({"signin": {"oidc": {"corp": {**CORP, "groups_claim": "groups", "groups": groups}}}})

    corp = config.signin.oidc["corp"]
    assert corp.groups == {"admins": GroupRole("platform-admin"), "A team, blue": GroupRole("developer", "blue")}
    assert corp.scopes == ("openid", "email", "profile")
    assert (corp.create, corp.trust_email, corp.allow_private) == (False, False, False)


@pytest.mark.parametrize(
    ("sessions", "said"),
    [
        ({"hours": 0}, "hours must be above 0"),
        ({"hours": 721}, "720 at most, which is 30 days"),
        ({"idle_hours": 0}, "idle_hours must be above 0"),
        ({"hours": 2, "idle_hours": 2.1}, "no more than hours"),
        ({"confirm_minutes": -1}, "confirm_minutes must be 0 to 1440"),
        ({"confirm_minutes": 1441}, "confirm_minutes must be 0 to 1440"),
    ],
)
def test_times_that_cannot_be_are_refused(sessions, said):
    with pytest.raises(ConfigError, match=said):
        parse_config({"sessions": sessions})


def test_longest_times_are_taken():
    assert parse_config({"sessions": {"hours": 720, "idle_hours": 720, "confirm_minutes": 1440}}).sessions.hours == 720


@pytest.mark.parametrize(
    ("corp", "said"),
    [
        ({"issuer": ""}, "issuer and client_id must not be empty"),
        ({"client_id": ""}, "issuer and client_id must not be empty"),
        ({"client_secret": "s3cret"}, "client_secret must be env:NAME"),
        ({"scopes": ["email"]}, "scopes must have openid"),
        ({"groups_claim": "groups"}, "groups_claim and groups go together"),
        ({"groups": {"a": {"role": "viewer"}}}, "groups_claim and groups go together"),
        ({"groups_claim": "g", "groups": {"a": {"role": ""}}}, "role must name a role"),
        ({"grups_claim": "g"}, "did you mean 'groups_claim'"),
    ],
)
def test_provider_that_cannot_be_is_refused_without_its_secret(corp, said):
    with pytest.raises(ConfigError, match=said) as refused:
        parse_config({"signin": {"oidc": {"corp": {**CORP, **corp}}}})

    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("name", ["Corp", "", "a b", "a/b", "x" * 33])
def test_name_of_a_provider_is_a_part_of_a_path(name):
    with pytest.raises(ConfigError, match="small letters"):
        parse_config({"signin": {"oidc": {name: CORP}}})


def test_two_providers_are_two_issuers():
    with pytest.raises(ConfigError, match="the same issuer"):
        parse_config({"signin": {"oidc": {"one": CORP, "two": {**CORP, "client_id": "other"}}}})

    assert OidcConfig(**CORP).title == ""


def test_shipped_file_shows_every_option_of_a_provider_with_its_default():
    section = files("tollbridge.conf").joinpath("tollbridge.toml").read_text("utf-8").split("# [signin.oidc.corp]\n")[1]
    lines = [line.removeprefix("# ") for line in section.split("\n\n")[0].splitlines()]

    shown = tomllib.loads("\n".join(lines))

    assert shown.keys() == {option.name for option in fields(OidcConfig)}
    for option in fields(OidcConfig):
        if option.name not in ("issuer", "client_id", "client_secret", "title", "groups", "groups_claim"):
            assert shown[option.name] == (list(option.default) if option.name == "scopes" else option.default)
    parse_config({"signin": {"oidc": {"corp": {**shown, "groups_claim": "groups"}}}})
