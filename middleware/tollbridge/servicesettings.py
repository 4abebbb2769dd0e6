"""The section of the configuration about services."""

from dataclasses import dataclass

REVIEWS = ("none", "required", "four_eyes")


@dataclass(frozen=True, slots=True)
class ServicesConfig:
    """`[services]`: what is published at `/v1/apis`, and what is asked for before it is.

    `review`: `none` lets who may publish do so, `required` asks for an approval, `four_eyes` for one by somebody else
    than who asked. A release is taken back by itself where of its calls in the first `watch_s` seconds, of at least
    `watch_calls`, more than the share `watch_failed` failed; 0 seconds watch nothing. `allow_private` lets upstreams be
    on loopback and private addresses.
    """

    enabled: bool = True
    review: str = "none"
    watch_s: float = 300.0
    watch_calls: int = 20
    watch_failed: float = 0.5
    allow_private: bool = False

    def __post_init__(self) -> None:
        if self.review not in REVIEWS:
            raise ValueError(f"review {self.review!r} must be one of {', '.join(REVIEWS)}")
        if self.watch_s < 0 or self.watch_calls < 1 or not 0 <= self.watch_failed <= 1:
            raise ValueError("watch_s is at least 0, watch_calls at least 1, watch_failed between 0 and 1")
