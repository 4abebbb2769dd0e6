"""`tollbridge_masked_total`: how often something was masked, by what it was; never what."""

from functools import cache

from prometheus_client import Counter

from tollbridge import Call
from tollbridge_masking.masking import counts_of


@cache
def masked_total() -> Counter:
    """Make the counter of this process, once something is counted: several workers count in files of their own."""
    return Counter("tollbridge_masked", "What was masked in answers, by what it was.", ("what",), registry=None)


def count(call: Call) -> None:
    """Count what was masked in the answer of a finished call."""
    for what, times in counts_of(call).items():
        masked_total().labels(what).inc(times)
