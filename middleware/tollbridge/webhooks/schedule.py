"""When a message is sent again that did not arrive.

The pauses are those of the specification's example, over three days (Standard Webhooks, "Deliverability and
reliability", read 2026-11).
"""

_PAUSES_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
MOST_ATTEMPTS = len(_PAUSES_S) + 1
_JITTER = 0.2
_LONGEST_S = 86_400.0


def pause_s(attempts: int, share: float, asked_s: float = 0.0) -> float | None:
    """Say how long to wait after so many attempts, at least 1, in seconds; None where it is given up.

    `share` is a random number from 0 to 1: up to a fifth is added, so that many do not come at once. `asked_s` is what
    the receiver asked for by `Retry-After`; more than a day is not waited.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    return max(_PAUSES_S[attempts - 1] * (1 + _JITTER * share), min(asked_s, _LONGEST_S))
