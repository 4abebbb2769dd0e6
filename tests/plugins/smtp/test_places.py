"""What `[mail]` says of the host is read, and what cannot be used is refused in a sentence."""

import pytest

from tollbridge import ConfigError, MailHost
from tollbridge_smtp.places import place_of


def test_ports_are_those_of_submission() -> None:
    found = [place_of(MailHost(f"{scheme}://mail.example.com")) for scheme in ("smtp", "smtps")]

    assert [(one.host, one.port, one.tls, one.plain) for one in found] == [
        ("mail.example.com", 587, False, False),
        ("mail.example.com", 465, True, False),
    ]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_this_machine_may_be_spoken_to_without_tls(host: str) -> None:
    place = place_of(MailHost(f"smtp://{host}:2525/"))

    assert (place.plain, place.insecure, place.port) == (True, False, 2525)


@pytest.mark.parametrize("host", ["localhost.example.com", "10.0.0.1", "0.0.0.0", "[::ffff:10.0.0.1]"])
def test_any_other_may_not_unless_the_operator_says_so(host: str) -> None:
    assert not place_of(MailHost(f"smtp://{host}")).plain
    assert place_of(MailHost(f"smtp://{host}", insecure=True)).plain


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (MailHost("smtp://"), "is written as smtp://user@mail.example.com:587"),
        (MailHost("smtp://mail.example.com/path"), "is written as"),
        (MailHost("smtp://mail.example.com?tls=no"), "is written as"),
        (MailHost("smtp://mail.example.com:abc"), "no valid URL"),
        (MailHost("smtp://[::1"), "no valid URL"),
        (MailHost("smtp://ada@mail.example.com"), "a user in url and a password go together"),
        (MailHost("smtp://mail.example.com", password="pw-1"), "a user in url and a password go together"),
        (MailHost("smtp://a%0Ab@mail.example.com", password="pw-1"), "printable ASCII"),
        (MailHost("smtps://mail.example.com", insecure=True), "insecure = true is without"),
    ],
)
def test_what_cannot_be_used_is_refused(given: MailHost, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        place_of(given)

    assert "pw-1" not in str(caught.value)
    assert "pw-1" not in repr(given)
