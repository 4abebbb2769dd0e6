"""Who is taken for one caller."""

import pytest

from tollbridge.limits.neighbours import neighbourhood


@pytest.mark.parametrize(
    ("client", "known_by"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unix:/run/socket", "unix:/run/socket"),
        ("", ""),
    ],
)
def test_hosts_that_choose_their_own_address_are_known_by_their_network(client: str, known_by: str) -> None:
    assert neighbourhood(client) == known_by
