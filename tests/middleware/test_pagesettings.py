"""What the configuration says of how pages speak and reckon."""

import pytest

from tollbridge.config import load_config, parse_config
from tollbridge.errors import ConfigError


def test_defaults_are_english_and_utc_and_nothing_of_the_operators() -> None:
    pages = parse_config({}).pages

    assert (pages.language, pages.catalogues, pages.time_zone) == ("en", "", "UTC")


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Argentina/Buenos_Aires"])
def test_zone_is_one_of_the_iana_database(zone) -> None:
    assert parse_config({"pages": {"time_zone": zone}}).pages.time_zone == zone


@pytest.mark.parametrize(
    ("pages", "why"),
    [
        *(
            ({"time_zone": zone}, f"^pages: time_zone '{zone}' is no name of the IANA database, such as Europe/Berlin")
            for zone in ("Mars/Olympus", "", "Europe", "/etc/localtime", "../UTC", "CEST")
        ),
        *(
            ({"language": name}, f"^pages: language '{name}' is no name of a language, such as en, pt-BR or zh-Hans$")
            for name in ("", "english", "en.UTF-8", "../en", "zh-Hans;q=1")
        ),
        ({"languages": "en"}, "did you mean 'language'"),
    ],
)
def test_what_is_no_zone_and_no_language_is_refused(pages, why) -> None:
    with pytest.raises(ConfigError, match=why):
        parse_config({"pages": pages})


def test_environment_says_it_too() -> None:
    config = load_config({}, {"TOLLBRIDGE_PAGES__LANGUAGE": "zh-Hans", "TOLLBRIDGE_PAGES__TIME_ZONE": "Asia/Shanghai"})

    assert (config.pages.language, config.pages.time_zone) == ("zh-Hans", "Asia/Shanghai")
