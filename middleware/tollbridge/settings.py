"""The sections of the configuration, each with its defaults, and what may not stand in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tollbridge.money import parse_usd
from tollbridge.options import is_reference
from tollbridge.servicesettings import MODELS

_PUBLIC_URL = re.compile(
    r"https?://"
    r"(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<root>(?:/[a-z0-9_~-][a-z0-9_.~-]*)*)",
    re.ASCII | re.IGNORECASE,
)
"""No user, query, fragment, escape or dot segment: what is written is what a browser goes to."""
_IMPORTED = re.compile(r"sha256|hmac:[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEYS_FROM = re.compile(r"(?:env|file):.+|[A-Za-z][A-Za-z0-9_-]{0,31}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """`[server]`: where the gateway listens and what it takes."""

    host: str = "127.0.0.1"
    port: int = 8800
    workers: int = 1
    public_url: str = ""
    prefix: str = "/_tollbridge"
    metrics: str = "/metrics"
    ai_routes: bool = True
    public: tuple[str, ...] = ()
    max_body_bytes: int = 33_554_432
    max_json_depth: int = 128
    max_header_count: int = 100
    max_header_bytes: int = 65_536
    head_timeout_s: float = 15.0
    body_timeout_s: float = 60.0
    shutdown_grace_s: float = 30.0
    cut_revoked_calls: bool = False

    def __post_init__(self) -> None:
        _at_least(self, 1, "workers", "max_body_bytes", "max_json_depth", "max_header_count", "max_header_bytes")
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port {self.port} is not between 0 and 65535")
        if self.public_url:
            _check_public_url(self.public_url)
        _above_zero(self, "head_timeout_s", "body_timeout_s")
        _at_least(self, 0, "shutdown_grace_s")
        for key in ("prefix", "metrics"):
            path = getattr(self, key)
            if path and (not path.startswith("/") or path.endswith("/")):
                raise ValueError(f"{key} {path!r} must start with / and not end with one, or be empty to switch it off")


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """`[store]`: where state lives.  An empty url is `tollbridge.db` in the data folder."""

    url: str = ""
    durability: str = "normal"

    def __post_init__(self) -> None:
        _one_of(self, "durability", "normal", "full")


@dataclass(frozen=True, slots=True)
class SecretsConfig:
    """`[secrets]`: where the key-encryption keys and the peppers are.

    `data` is the data folder; or `env:NAME`, `file:PATH`, or the name of a key source that wraps them.
    """

    keys: str = "data"
    pepper: str = "data"

    def __post_init__(self) -> None:
        for key in ("keys", "pepper"):
            if not _KEYS_FROM.fullmatch(getattr(self, key)):
                raise ValueError(
                    f"{key} must be data, env:NAME, file:PATH or the name of a key source; the key itself does not "
                    "belong in here"
                )


@dataclass(frozen=True, slots=True)
class TokensConfig:
    """`[tokens]`: how long secrets of tokens live.  A team's rule goes before, and a token's own before that."""

    rotation_days: int = 90
    warn_days: int = 15
    unused_days: int = 0
    imported: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.imported:
            if not _IMPORTED.fullmatch(name):
                raise ValueError(f"imported names {name!r}; known: sha256, and hmac:NAME for the key stored as NAME")
        _at_least(self, 0, "rotation_days", "warn_days", "unused_days")
        if self.rotation_days and self.warn_days >= self.rotation_days:
            raise ValueError("warn_days is shorter than rotation_days: secrets are warned about before they end")


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """`[providers.<name>]`: a host that serves models, or changes to a known one."""

    base_url: str = ""
    base_urls: Mapping[str, str] = field(default_factory=dict)
    dialect: str = ""
    api_key: str = ""
    auth: str = ""
    auth_options: Mapping[str, object] = field(default_factory=dict)
    auth_header: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    allow_private: bool = False
    stream_usage: str = ""
    keeps_answers: bool = False
    free_text: bool = False
    rewritten: tuple[str, ...] = ()
    only_counts: tuple[str, ...] = ()
    rotator: str = ""
    rotator_options: Mapping[str, object] = field(default_factory=dict)
    rotate_days: int = 30

    def __post_init__(self) -> None:
        _at_least(self, 2, "rotate_days")
        _one_of(self, "stream_usage", "", "option", "always", "never")
        if self.api_key and not is_reference(self.api_key):
            raise ValueError(
                "api_key must be env:NAME, file:PATH or stored:NAME; the key itself does not belong in here"
            )
        if self.auth and self.auth_header:
            raise ValueError("auth and auth_header are two ways to show the key; give one")
        if self.auth_options and not self.auth:
            raise ValueError("auth_options are those of a scheme; name it with auth")
        if self.rotator_options and not self.rotator:
            raise ValueError("rotator_options are those of a rotator; name it with rotator")
        if self.rotator and self.api_key.partition(":")[0] not in ("", "stored"):
            raise ValueError("a rotator keeps the key in the database; leave api_key out, or make it stored:NAME")


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """`[models.<name>]`: a name callers use, and the targets behind it, tried in order."""

    targets: tuple[str, ...]
    price: Mapping[str, str] = field(default_factory=dict)
    context: int | None = None
    max_output: int | None = None

    def __post_init__(self) -> None:
        if not self.targets:
            raise ValueError("targets names at least one provider/model")
        for target in self.targets:
            if not all(target.partition("/")[::2]):
                raise ValueError(f"the target {target!r} must be provider/model")


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """`[service]`: the wrapped app."""

    name: str = "app"
    public: tuple[str, ...] = ()
    price_per_call: str = "0"
    vouch: bool = False
    audience: str = ""

    def __post_init__(self) -> None:
        parse_usd(self.price_per_call)
        if not self.name or not self.name.replace("-", "").replace("_", "").isalnum():
            raise ValueError(f"name {self.name!r} must be letters, digits, - and _")
        if self.name == MODELS:
            raise ValueError(f"name {self.name!r} is what calls of models are counted as; take another")


@dataclass(frozen=True, slots=True)
class LimitsConfig:
    """`[limits]`: defaults for every token; 0 is no limit.  A token's own limits go before."""

    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    concurrency: int = 0
    url: str = ""
    per_process: bool = False

    def __post_init__(self) -> None:
        _at_least(self, 0, "requests_per_minute", "tokens_per_minute", "concurrency")


@dataclass(frozen=True, slots=True)
class BudgetsConfig:
    """`[budgets]`: US dollars as strings, empty for none; and what happens to a model without a price."""

    daily_usd: str = ""
    monthly_usd: str = ""
    token_daily_usd: str = ""
    token_monthly_usd: str = ""
    unpriced: str = "guard"
    assume_output_tokens: int = 4096
    cap_output: bool = False

    def __post_init__(self) -> None:
        _one_of(self, "unpriced", "guard", "allow", "refuse")
        _at_least(self, 1, "assume_output_tokens")
        for key in ("daily_usd", "monthly_usd", "token_daily_usd", "token_monthly_usd"):
            if getattr(self, key):
                parse_usd(getattr(self, key))


@dataclass(frozen=True, slots=True)
class UpstreamConfig:
    """`[upstream]`: how providers are called."""

    transport: str = "http1"
    connect_timeout_s: float = 10.0
    first_byte_timeout_s: float = 300.0
    idle_timeout_s: float = 120.0
    total_timeout_s: float = 900.0
    max_answer_bytes: int = 67_108_864
    cost_in_stream: bool = False
    strict: bool = False
    keep_alive_s: float = 15.0
    files_provider: str = ""

    def __post_init__(self) -> None:
        _one_of(self, "transport", "http1", "httpx2")
        _at_least(self, 1, "max_answer_bytes")
        _above_zero(self, "connect_timeout_s", "first_byte_timeout_s", "idle_timeout_s", "total_timeout_s")


@dataclass(frozen=True, slots=True)
class AnswersConfig:
    """`[answers]`: those that callers come back to by an id.  `keep`: their content too, encrypted."""

    keep: bool = False
    keep_days: int = 30

    def __post_init__(self) -> None:
        _at_least(self, 1, "keep_days")


@dataclass(frozen=True, slots=True)
class PluginsConfig:
    """`[plugins]`: which installed plugins are loaded.  An empty `allowed` allows all."""

    allowed: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        _above_zero(self, "timeout_s")


@dataclass(frozen=True, slots=True)
class LoggingConfig:
    """`[logging]`: logs of `tollbridge serve`; a wrapped app keeps its own."""

    level: str = "info"
    format: str = "auto"
    access: bool = True

    def __post_init__(self) -> None:
        _one_of(self, "level", "debug", "info", "warning", "error")
        _one_of(self, "format", "auto", "json", "console")


def _at_least(config: object, least: int, *keys: str) -> None:
    for key in keys:
        if not getattr(config, key) >= least:
            raise ValueError(f"{key} must be at least {least}")


def _above_zero(config: object, *keys: str) -> None:
    for key in keys:
        if not getattr(config, key) > 0:
            raise ValueError(f"{key} must be above 0")


def _check_public_url(url: str) -> None:
    found = _PUBLIC_URL.fullmatch(url)
    if found is None or not 0 <= int(found["port"] or 0) <= 65535:
        raise ValueError(f"public_url {url!r} must be as https://gw.example.com or https://example.com:8443/gw")


def _one_of(config: object, key: str, *allowed: str) -> None:
    value = getattr(config, key)
    if value not in allowed:
        raise ValueError(f"{key} {value!r} must be one of {', '.join(repr(a) for a in allowed)}")
