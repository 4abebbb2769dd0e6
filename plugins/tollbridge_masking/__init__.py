"""A policy that masks personal data in answers: e-mail addresses, telephone and card numbers, accounts, words, members.

This module only has the hooks; `[policies.masking]` is in `masking`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import hookimpl

if TYPE_CHECKING:
    from tollbridge import Call, Gateway


@hookimpl
def register_policies(register: Callable[[str, type], None]) -> None:
    """Offer `[policies.masking]`."""
    from tollbridge_masking.masking import Masking

    register("masking", Masking)


@hookimpl
def register_metrics(register: Callable[[Callable[["Call"], None]], None]) -> None:
    """Offer `tollbridge_masked_total`."""
    from tollbridge_masking.counting import count

    register(count)


@hookimpl
def startup(gateway: "Gateway") -> None:
    """Show `tollbridge_masked_total` among the metrics of the gateway."""
    from tollbridge_masking.counting import masked_total

    gateway.metrics.show(masked_total())
