"""Who is taken for one caller where nobody shows a token."""

from ipaddress import IPv6Address

_HOST_BITS = 64
"""Bits of an IPv6 address that one host chooses for itself."""


def neighbourhood(client: str) -> str:
    """Give what one caller without a token is known by: its address, of IPv6 the network, empty without either."""
    if ":" not in client:
        return client
    try:
        address = IPv6Address(client)
    except ValueError:
        return client
    mapped = address.ipv4_mapped
    return str(IPv6Address(int(address) >> _HOST_BITS << _HOST_BITS) if mapped is None else mapped)
