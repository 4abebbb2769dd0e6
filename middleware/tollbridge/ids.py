"""Public identifiers: `<prefix>_<48-bit milliseconds><64 random bits>` in hexadecimal, so they sort by age."""

import os

from tollbridge.clock import Clock


def new_id(prefix: str, clock: Clock) -> str:
    """Make an id such as `req_019ab3c4d5e6f708192a3b4c5d6e`; 28 hexadecimal digits after the prefix."""
    return f"{prefix}_{int(clock.time() * 1000):012x}{os.urandom(8).hex()}"


def id_in_order(prefix: str, at_ms: int, number: int) -> str:
    """Make one of a given age (milliseconds since the epoch) that sorts by a number among those of its age."""
    return f"{prefix}_{at_ms:012x}{number % 2**32:08x}{os.urandom(4).hex()}"
