"""What the configuration says of what the gateway does by itself."""

import pytest

from tollbridge.config import parse_config
from tollbridge.errors import ConfigError


def test_defaults_do_jobs_keep_webhooks_off_private_addresses_and_write_no_files() -> None:
    config = parse_config({})

    assert (config.jobs.enabled, config.webhooks.allow_private, config.webhooks.keep_days) == (True, False, 30)
    assert (config.rotation.folder, config.secret_sinks, config.tokens.unused_days) == ("", {}, 0)


def test_tables_of_rotation_are_those_of_secret_managers() -> None:
    config = parse_config({"rotation": {"folder": "secrets", "vault": {"address": "x"}}})

    assert (config.rotation.folder, config.secret_sinks) == ("secrets", {"vault": {"address": "x"}})


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"webhooks": {"keep_days": 6}}, "keep_days must be at least 7"),
        ({"webhooks": {"secret": ""}}, "unknown option 'secret'"),
        ({"tokens": {"unused_days": -1}}, "unused_days must be at least 0"),
        ({"secret_sinks": {}}, r"unknown section \[secret_sinks\]"),
        ({"rotation": "x"}, "rotation must be a table"),
        ({"mail": {"url": "smtp://mail.example.com"}}, "sender is the address that mails are from"),
        ({"mail": {"sender": "Ops <ops@example.com>"}}, "sender is the address"),
        ({"mail": {"sender": "a@b.c\nBcc: d@e.f"}}, "sender is the address"),
        ({"mail": {"url": "smtp://ada:pw@mail.example.com"}}, "a password does not belong into url"),
        ({"mail": {"password": "hunter2"}}, "password must be env:NAME, file:PATH or stored:NAME"),
        ({"mail": {"password": "env:"}}, "password must be env:NAME"),
        ({"mail": {"domains": ["*.example.com"]}}, "domains are names such as example.com"),
        ({"mail": {"domains": ["ops@example.com"]}}, "domains are names"),
        ({"mail": {"domains": [""]}}, "domains are names"),
    ],
)
def test_what_cannot_be_used_is_refused(table: dict[str, object], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        parse_config(table)


def test_mail_is_sent_by_a_host_that_is_named() -> None:
    said = {"url": "smtp://ada@mail.example.com", "sender": "bridge@example.com", "password": "file:pw"}

    assert parse_config({}).mail.url == ""
    assert parse_config({"mail": said}).mail.sender == "bridge@example.com"
    assert parse_config({"mail": {"domains": ["example.com", "localhost"]}}).mail.domains == (
        "example.com",
        "localhost",
    )
