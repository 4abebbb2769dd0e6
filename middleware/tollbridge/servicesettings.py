"""The section of the configuration about services."""

import re
from dataclasses import dataclass

REVIEWS = ("none", "required", "four_eyes")
PROOFS = ("required", "optional")
MODELS = "ai"
"""What calls of models are recorded as, in place of a service."""
OWN_NAMES = frozenset((MODELS, "admin", "leaked", "mcp"))
"""What calls are recorded as that are of no service anybody publishes."""
_ORIGIN = re.compile(r"https?://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class ServicesConfig:
    """`[services]`: what is published at `/v1/apis`, and what is asked for before it is.

    `review`: `none` lets who may publish do so, `required` asks for an approval, `four_eyes` for one by somebody else
    than who asked. `prove`: `required` has a release with a test set pass it before it is published, `optional` leaves
    that to who publishes. A release is taken back by itself where of its calls in the first `watch_s` seconds, of at
    least `watch_calls`, more than the share `watch_failed` failed; 0 seconds watch nothing. That an objective is
    missed is told where at least `burn_calls` calls say so. With `open_catalogue` whoever shows no token sees what
    is published for everybody (`visibility` is `public`) in the catalogue of the admin API. `allow_private` lets
    upstreams be on loopback and private addresses. Pages of `mcp_origins` may call the MCP servers, beside those of
    the gateway itself; without a public URL and without these, those of its own machine.
    """

    enabled: bool = True
    review: str = "none"
    prove: str = "required"
    watch_s: float = 300.0
    watch_calls: int = 20
    watch_failed: float = 0.5
    burn_calls: int = 20
    open_catalogue: bool = True
    allow_private: bool = False
    mcp_origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.review not in REVIEWS:
            raise ValueError(f"review {self.review!r} must be one of {', '.join(REVIEWS)}")
        if self.prove not in PROOFS:
            raise ValueError(f"prove {self.prove!r} must be one of {', '.join(PROOFS)}")
        if self.watch_s < 0 or self.watch_calls < 1 or not 0 <= self.watch_failed <= 1:
            raise ValueError("watch_s is at least 0, watch_calls at least 1, watch_failed between 0 and 1")
        if self.burn_calls < 1:
            raise ValueError("burn_calls must be at least 1")
        for origin in self.mcp_origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"mcp_origins: {origin!r} must be as a browser says it: https://app.example.com")
