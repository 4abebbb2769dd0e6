"""The configuration as frozen data: TOML, `TOLLBRIDGE_<SECTION>__<KEY>` from the environment over it, code over both.

`conf/tollbridge.toml` shows every option with its default; a test keeps the two equal.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path

from tollbridge.defences import LeakedConfig, ThrottleConfig
from tollbridge.errors import ConfigError
from tollbridge.jobsettings import JobsConfig, MailConfig, RotationConfig, WebhooksConfig
from tollbridge.oauthsettings import OAuthConfig
from tollbridge.options import build, suggest
from tollbridge.pagesettings import PagesConfig
from tollbridge.servicesettings import ServicesConfig
from tollbridge.settings import (
    AnswersConfig,
    BudgetsConfig,
    LimitsConfig,
    LoggingConfig,
    ModelConfig,
    PluginsConfig,
    ProviderConfig,
    SecretsConfig,
    ServerConfig,
    ServiceConfig,
    StoreConfig,
    TokensConfig,
    UpstreamConfig,
)
from tollbridge.signinsettings import SessionsConfig, SignInConfig

__all__ = [
    "DEFAULT_FILE",
    "AnswersConfig",
    "BudgetsConfig",
    "Config",
    "JobsConfig",
    "LeakedConfig",
    "LimitsConfig",
    "LoggingConfig",
    "MailConfig",
    "ModelConfig",
    "OAuthConfig",
    "PagesConfig",
    "PluginsConfig",
    "ProviderConfig",
    "RotationConfig",
    "SecretsConfig",
    "ServerConfig",
    "ServiceConfig",
    "ServicesConfig",
    "SessionsConfig",
    "SignInConfig",
    "StoreConfig",
    "ThrottleConfig",
    "TokensConfig",
    "UpstreamConfig",
    "WebhooksConfig",
    "find_config",
    "load_config",
    "parse_config",
]

DEFAULT_FILE = "tollbridge.toml"
_ENV_PREFIX = "TOLLBRIDGE_"
_TABLES_WITHIN = ("secrets", "rotation")
"""Sections whose tables are options of what plugins offer."""
_NO_SECTIONS = frozenset(("key_sources", "secret_sinks", "path", "data"))


@dataclass(frozen=True, slots=True)
class Config:
    """All of it.  `path` is the file it came from, `data` the folder of database and secrets.

    `key_sources` are the tables `[secrets.<name>]`, `secret_sinks` those `[rotation.<name>]`.
    """

    server: ServerConfig = field(default_factory=ServerConfig)
    store: StoreConfig = field(default_factory=StoreConfig)
    secrets: SecretsConfig = field(default_factory=SecretsConfig)
    providers: Mapping[str, ProviderConfig] = field(default_factory=dict)
    models: Mapping[str, ModelConfig] = field(default_factory=dict)
    service: ServiceConfig = field(default_factory=ServiceConfig)
    services: ServicesConfig = field(default_factory=ServicesConfig)
    tokens: TokensConfig = field(default_factory=TokensConfig)
    throttle: ThrottleConfig = field(default_factory=ThrottleConfig)
    leaked: LeakedConfig = field(default_factory=LeakedConfig)
    sessions: SessionsConfig = field(default_factory=SessionsConfig)
    signin: SignInConfig = field(default_factory=SignInConfig)
    pages: PagesConfig = field(default_factory=PagesConfig)
    oauth: OAuthConfig = field(default_factory=OAuthConfig)
    rotation: RotationConfig = field(default_factory=RotationConfig)
    webhooks: WebhooksConfig = field(default_factory=WebhooksConfig)
    mail: MailConfig = field(default_factory=MailConfig)
    jobs: JobsConfig = field(default_factory=JobsConfig)
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    budgets: BudgetsConfig = field(default_factory=BudgetsConfig)
    upstream: UpstreamConfig = field(default_factory=UpstreamConfig)
    answers: AnswersConfig = field(default_factory=AnswersConfig)
    identity: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    policies: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    plugins: PluginsConfig = field(default_factory=PluginsConfig)
    logging: LoggingConfig = field(default_factory=LoggingConfig)
    key_sources: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    secret_sinks: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    path: Path | None = None
    data: Path = Path(".tollbridge")

    @property
    def base(self) -> Path:
        """The folder that relative paths in the file are taken from."""
        return self.path.parent if self.path is not None else Path()

    @property
    def store_url(self) -> str:
        """The store's URL: the default filled in, the path of a SQLite file made absolute."""
        url = self.store.url or f"sqlite:///{(self.data / 'tollbridge.db').absolute()}"
        head, marker, path = url.partition("sqlite:///")
        is_file = marker and not head and path and not path.startswith(":")
        return f"{marker}{(self.base / path).absolute()}" if is_file else url


_TEXTS = frozenset(
    (section.name, option.name)
    for section in fields(Config)
    if is_dataclass(section.type)
    for option in fields(section.type)
    if option.type is str
)
"""Options that hold text, whatever it looks like: `TOLLBRIDGE_BUDGETS__DAILY_USD=5` needs no quotes."""


def find_config(given: str | Path | None = None, env: Mapping[str, str] | None = None) -> Path | None:
    """Say which file holds: the given one, else `TOLLBRIDGE_CONFIG`, else `./tollbridge.toml` if it is there."""
    env = os.environ if env is None else env
    named = given or env.get("TOLLBRIDGE_CONFIG")
    if named:
        return Path(named)
    default = Path(DEFAULT_FILE)
    return default if default.is_file() else None


def load_config(
    source: str | Path | Mapping[str, object] | Config | None = None, env: Mapping[str, str] | None = None
) -> Config:
    """Read a configuration from a file, a table or the default places; raises `ConfigError` in one sentence."""
    if isinstance(source, Config):
        return source
    env = os.environ if env is None else env
    said = from_environment(env)
    path: Path | None = None
    if isinstance(source, Mapping):
        table = _over(said, source)
    else:
        path = find_config(source, env)
        table = _over(read_file(path) if path is not None else {}, said)
    config = parse_config(table)
    base = path.parent if path is not None else Path()
    data = Path(env["TOLLBRIDGE_DATA"]) if env.get("TOLLBRIDGE_DATA") else base / ".tollbridge"
    return replace(config, path=path, data=data)


def parse_config(table: Mapping[str, object]) -> Config:
    """Make a configuration of a table such as TOML gives."""
    known = {option.name: option for option in fields(Config) if option.name not in _NO_SECTIONS}
    for key in table:
        if key not in known:
            raise ConfigError(f"unknown section [{key}]{suggest(key, known)}")
    taken = {key: value for key, value in table.items() if key not in ("identity", "policies")}
    sources, sinks = (_taken_apart(taken, section) for section in _TABLES_WITHIN)
    config = build(Config, taken, "")
    apart = replace(config, key_sources=sources, secret_sinks=sinks)
    return replace(apart, identity=_tables(table, "identity"), policies=_tables(table, "policies"))


def _taken_apart(taken: dict[str, object], section: str) -> Mapping[str, Mapping[str, object]]:
    """Take the tables out of a section that has options too, and give them."""
    found = taken.get(section)
    if not isinstance(found, Mapping):
        return {}
    tables = {name: options for name, options in found.items() if isinstance(options, Mapping)}
    taken[section] = {key: value for key, value in found.items() if key not in tables}
    return tables


def _tables(table: Mapping[str, object], section: str) -> Mapping[str, Mapping[str, object]]:
    """Take a section of tables as it is: only what a plugin registers says what may stand in them."""
    found = table.get(section, {})
    if not isinstance(found, Mapping):
        raise ConfigError(f"{section} must be a table")
    for name, options in found.items():
        if not isinstance(options, Mapping):
            raise ConfigError(f"{section}.{name} must be a table")
    return found


def read_file(path: Path) -> Mapping[str, object]:
    """Read a file as a table; raises `ConfigError` in one sentence."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no configuration at {path}; make one with: tollbridge init {path}") from None
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"the configuration {path} cannot be read: {exc}") from exc
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"{path} is no valid TOML: {exc}") from exc


def _over(below: Mapping[str, object], above: Mapping[str, object]) -> Mapping[str, object]:
    """Put the options of one table over those of another, section by section."""
    merged = {**below, **above}
    for section in below.keys() & above.keys():
        before, after = below[section], above[section]
        if not isinstance(before, Mapping) or not isinstance(after, Mapping):
            raise ConfigError(f"{section} must be a table")
        merged[section] = {**before, **after}
    return merged


def from_environment(env: Mapping[str, str]) -> Mapping[str, object]:
    """Read `TOLLBRIDGE_SERVER__PORT=9000` as `[server] port`."""
    table: dict[str, dict[str, object]] = {}
    for name, text in env.items():
        section, double, key = name.removeprefix(_ENV_PREFIX).lower().partition("__")
        if name.startswith(_ENV_PREFIX) and double:
            table.setdefault(section, {})[key] = _value(section, key, text)
    return table


def _value(section: str, key: str, text: str) -> object:
    """Read the text as a TOML value; as a string where it is none, or where the option is a string."""
    try:
        value: object = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value if isinstance(value, str) or (section, key) not in _TEXTS else text
