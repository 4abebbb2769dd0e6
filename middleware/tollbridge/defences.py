"""The sections of the configuration that say what is done about guessed and leaked credentials."""

from dataclasses import dataclass
from ipaddress import ip_network

LEAK_ACTIONS = ("disable", "revoke", "tell")


@dataclass(frozen=True, slots=True)
class ThrottleConfig:
    """`[throttle]`: how many bad credentials one source may show; each process counts for itself.

    `bad_tokens` at once and a minute; `bad_sign_ins` at once and an hour, for one account. Addresses in `spared` stand
    for many callers, as that of a proxy does: they are not refused for what one of them does.
    """

    enabled: bool = True
    bad_tokens: int = 60
    bad_sign_ins: int = 10
    longest_s: float = 900.0
    spared: tuple[str, ...] = ("127.0.0.0/8", "::1")

    def __post_init__(self) -> None:
        for key in ("bad_tokens", "bad_sign_ins", "longest_s"):
            if not getattr(self, key) >= 1:
                raise ValueError(f"{key} must be at least 1; enabled = false switches throttling off")
        for network in self.spared:
            try:
                ip_network(network)
            except ValueError:
                raise ValueError(
                    f"spared names {network!r}, which is no address or network, such as 10.0.0.0/8"
                ) from None


@dataclass(frozen=True, slots=True)
class LeakedConfig:
    """`[leaked]`: what is done with a token that somebody found in the open and reported.

    `keys_url` is where a secret scanner publishes the keys it signs its reports with; empty, no signature is taken.
    `allow_private`: that may be on a loopback or private address, and speak `http`.
    """

    action: str = "disable"
    keys_url: str = ""
    allow_private: bool = False

    def __post_init__(self) -> None:
        if self.action not in LEAK_ACTIONS:
            raise ValueError(f"action {self.action!r} must be one of {', '.join(map(repr, LEAK_ACTIONS))}")
        schemes = ("https://", "http://") if self.allow_private else ("https://",)
        if self.keys_url and not self.keys_url.startswith(schemes):
            raise ValueError("keys_url must begin with https://, or http:// where allow_private is true")
