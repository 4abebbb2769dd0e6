"""Where the configuration comes from, and what is refused in it."""

import re
import tomllib
from dataclasses import fields, is_dataclass
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.config import (
    BudgetsConfig,
    Config,
    ModelConfig,
    PluginsConfig,
    ProviderConfig,
    ServerConfig,
    find_config,
    load_config,
    parse_config,
)
from tollbridge.errors import ConfigError


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def shipped() -> str:
    return files("tollbridge.conf").joinpath("tollbridge.toml").read_text("utf-8")


def test_nothing_said_is_a_gateway_on_loopback() -> None:
    config = load_config(env={})

    assert config == Config()
    assert config.server.host == "127.0.0.1"


def test_shipped_file_shows_every_option_with_its_default() -> None:
    table = tomllib.loads(shipped())

    assert parse_config(table) == Config()
    for section in fields(Config):
        if is_dataclass(section.type):
            assert list(table[section.name]) == [option.name for option in fields(section.type)], section.name


@pytest.mark.parametrize("of", [ProviderConfig, ModelConfig])
def test_shipped_file_shows_every_option_of_a_provider_and_a_model(of: type) -> None:
    head = {ProviderConfig: "# [providers.", ModelConfig: "# [models."}[of]
    section = shipped().split(head)[1].split("\n\n")[0]

    assert {option.name for option in fields(of)} == set(re.findall(r"^# (\w+) =", section, re.MULTILINE))


def test_file_is_read_and_its_folder_is_the_base(tmp_path: Path) -> None:
    file = tmp_path / "etc" / "bridge.toml"
    file.parent.mkdir()
    file.write_text("[server]\nport = 9000\n")

    config = load_config(file, {})

    assert config.server.port == 9000
    assert (config.path, config.base, config.data) == (file, file.parent, file.parent / ".tollbridge")


def test_file_is_the_given_one_then_the_environments_then_the_one_that_lies_here(tmp_path: Path) -> None:
    assert find_config(None, {}) is None

    (tmp_path / "tollbridge.toml").write_text("")

    assert find_config("given.toml", {"TOLLBRIDGE_CONFIG": "env.toml"}) == Path("given.toml")
    assert find_config(None, {"TOLLBRIDGE_CONFIG": "env.toml"}) == Path("env.toml")
    assert find_config(None, {"TOLLBRIDGE_CONFIG": ""}) == Path("tollbridge.toml")


def test_the_processs_own_environment_is_used_where_none_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.toml").write_text("[server]\nworkers = 2\n")
    monkeypatch.setenv("TOLLBRIDGE_CONFIG", "own.toml")
    monkeypatch.setenv("TOLLBRIDGE_SERVER__PORT", "9001")

    config = load_config()

    assert find_config() == Path("own.toml")
    assert (config.server.workers, config.server.port) == (2, 9001)


def test_data_folder_is_moved_by_the_environment() -> None:
    assert load_config({}, {"TOLLBRIDGE_DATA": "/var/lib/bridge"}).data == Path("/var/lib/bridge")
    assert load_config({}, {"TOLLBRIDGE_DATA": ""}).data == Path(".tollbridge")


def test_environment_goes_over_the_file_and_code_over_the_environment(tmp_path: Path) -> None:
    (tmp_path / "tollbridge.toml").write_text("[server]\nport = 1\nworkers = 3\n")
    env = {"TOLLBRIDGE_SERVER__PORT": "2"}

    from_file = load_config(None, env)
    from_code = load_config({"server": {"port": 4}}, {**env, "TOLLBRIDGE_SERVER__WORKERS": "5"})

    assert (from_file.server.port, from_file.server.workers) == (2, 3)
    assert (from_code.server.port, from_code.server.workers) == (4, 5)


def test_made_configuration_is_taken_as_it_is() -> None:
    config = Config(server=ServerConfig(port=7))

    assert load_config(config, {"TOLLBRIDGE_SERVER__PORT": "9"}) is config


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("SERVER__AI_ROUTES", "false", ("server", "ai_routes", False)),
        ("SERVER__BODY_TIMEOUT_S", "1.5", ("server", "body_timeout_s", 1.5)),
        ("SERVER__PUBLIC", '["/health"]', ("server", "public", ("/health",))),
        ("SERVER__PREFIX", "", ("server", "prefix", "")),
        ("SERVER__HOST", "0.0.0.0", ("server", "host", "0.0.0.0")),
        ("SERVER__HOST", '"::1"', ("server", "host", "::1")),
        ("BUDGETS__DAILY_USD", "5", ("budgets", "daily_usd", "5")),
        ("BUDGETS__DAILY_USD", "2.50", ("budgets", "daily_usd", "2.50")),
        ("BUDGETS__DAILY_USD", '"7"', ("budgets", "daily_usd", "7")),
        ("STORE__URL", "sqlite:////var/b.db", ("store", "url", "sqlite:////var/b.db")),
    ],
)
def test_environment_is_read_as_the_option_wants_it(name: str, text: str, found: tuple[str, str, object]) -> None:
    config = load_config({}, {f"TOLLBRIDGE_{name}": text})

    assert getattr(getattr(config, found[0]), found[1]) == found[2]


def test_other_variables_are_none_of_ours() -> None:
    env = {"PATH": "/bin", "SERVER__PORT": "1", "TOLLBRIDGE_CORPUS": "here", "HOME__X": "1"}

    assert load_config({}, env) == Config()


def test_misspelt_variable_is_refused_like_a_misspelt_option() -> None:
    with pytest.raises(ConfigError, match=r"^server: unknown option 'prot'; did you mean 'port'\?$"):
        load_config({}, {"TOLLBRIDGE_SERVER__PROT": "1"})
    with pytest.raises(ConfigError, match=r"^unknown section \[sever\]; did you mean 'server'\?$"):
        load_config({}, {"TOLLBRIDGE_SEVER__PORT": "1"})


@given(st.text(alphabet=st.characters(exclude_characters="\0"), max_size=20))
def test_any_text_in_the_environment_is_a_value_or_a_config_error(text: str) -> None:
    found: Config | ConfigError
    try:
        found = load_config({}, {"TOLLBRIDGE_SERVER__PORT": text})
    except ConfigError as exc:
        found = exc

    assert str(found).startswith("server") if isinstance(found, ConfigError) else 0 <= found.server.port <= 65535


def test_section_that_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tollbridge.toml").write_text("server = 5\n")

    with pytest.raises(ConfigError, match=r"^server must be a table, not 5$"):
        load_config(None, {})
    with pytest.raises(ConfigError, match=r"^server must be a table$"):
        load_config(None, {"TOLLBRIDGE_SERVER__PORT": "1"})


def test_missing_file_says_how_to_make_one() -> None:
    with pytest.raises(ConfigError, match=r"^there is no configuration at none\.toml; make one with: tollbridge init"):
        load_config("none.toml", {})


def test_unreadable_file_says_why(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"[server]\nhost = '\xe9'\n")

    with pytest.raises(ConfigError, match=r"^the configuration latin\.toml cannot be read: .*utf-8"):
        load_config("latin.toml", {})
    with pytest.raises(ConfigError, match=r"cannot be read: .*[Dd]irectory"):
        load_config(tmp_path, {})


def test_file_that_is_no_toml_says_where(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[server\n")

    with pytest.raises(ConfigError, match=r"^bad\.toml is no valid TOML: .*line 1"):
        load_config("bad.toml", {})


def test_policies_keep_their_tables_as_they_are() -> None:
    config = parse_config({"policies": {"curfew": {"opens": "08:00", "zzz": [1]}}})

    assert config.policies == {"curfew": {"opens": "08:00", "zzz": [1]}}


def test_tables_of_secrets_are_those_of_key_sources() -> None:
    config = parse_config({"secrets": {"keys": "vault", "vault": {"address": "x", "zzz": [1]}, "old": {}}})

    assert (config.secrets.keys, config.secrets.pepper) == ("vault", "data")
    assert config.key_sources == {"vault": {"address": "x", "zzz": [1]}, "old": {}}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"sever": {}}, "unknown section [sever]; did you mean 'server'?"),
        ({"path": "/etc"}, "unknown section [path]"),
        ({"key_sources": {}}, "unknown section [key_sources]"),
        ({"secrets": 5}, "secrets must be a table, not 5"),
        ({"secrets": {"key": "data"}}, "secrets: unknown option 'key'; did you mean 'keys'?"),
        ({"secrets": {"keys": 5}}, "secrets.keys must be a string, not 5"),
        *(
            ({"secrets": {option: text}}, f"secrets: {option} must be data, env:NAME, file:PATH or the name of a key")
            for option in ("keys", "pepper")
            for text in ("sk-secret" + "0" * 32, "0123456789abcdef" * 4, "", "env:", "file:", "vault:x", "2a")
        ),
        ({"server": {"host": 5}}, "server.host must be a string, not 5"),
        ({"server": {"port": 65536}}, "server: port 65536 is not between 0 and 65535"),
        ({"server": {"port": -1}}, "server: port -1 is not between 0 and 65535"),
        *(
            (
                {"server": {"public_url": url}},
                f"server: public_url {url!r} must be as https://gw.example.com or https://example.com:8443/gw",
            )
            for url in [
                "gw.example.com",
                "ftp://gw.example.com",
                "https://",
                "https://gw.example.com/",
                "https://gw.example.com//x",
                "https://gw.example.com/a/../b",
                "https://gw.example.com/%2e",
                "https://gw.example.com/.",
                "https://gw.example.com?x",
                "https://gw.example.com#x",
                "https://ada@gw.example.com",
                "https://gw.example.com:",
                "https://gw.example.com:65536",
                "https://gw.example.com\\x",
                "https://gw.example.com\n",
                "https://gw.exämple.com",
            ]
        ),
        ({"server": {"workers": 0}}, "server: workers must be at least 1"),
        ({"server": {"max_json_depth": 0}}, "server: max_json_depth must be at least 1"),
        ({"server": {"body_timeout_s": 0}}, "server: body_timeout_s must be above 0"),
        ({"server": {"body_timeout_s": float("nan")}}, "server: body_timeout_s must be above 0"),
        ({"server": {"shutdown_grace_s": -0.1}}, "server: shutdown_grace_s must be at least 0"),
        ({"server": {"shutdown_grace_s": float("nan")}}, "server: shutdown_grace_s must be at least 0"),
        ({"server": {"prefix": "admin"}}, "server: prefix 'admin' must start with / and not end with one, or be empty"),
        ({"server": {"metrics": "/"}}, "server: metrics '/' must start with / and not end with one, or be empty"),
        ({"store": {"durability": "none"}}, "store: durability 'none' must be one of 'normal', 'full'"),
        ({"providers": {"x": {"api_key": "sk-secret"}}}, "providers.x: api_key must be env:NAME, file:PATH or stored:"),
        ({"providers": {"x": {"api_key": "env:"}}}, "providers.x: api_key must be env:NAME"),
        ({"providers": {"x": {"stream_usage": "maybe"}}}, "providers.x: stream_usage 'maybe' must be one of"),
        ({"providers": {"x": "openai"}}, "providers.x must be a table"),
        ({"models": {"m": {}}}, "models.m: the option 'targets' is missing"),
        ({"models": {"m": {"targets": []}}}, "models.m: targets names at least one provider/model"),
        ({"models": {"m": {"targets": ["openai"]}}}, "models.m: the target 'openai' must be provider/model"),
        ({"models": {"m": {"targets": ["/gpt"]}}}, "models.m: the target '/gpt' must be provider/model"),
        ({"models": {"m": {"targets": ["openai/"]}}}, "models.m: the target 'openai/' must be provider/model"),
        ({"service": {"price_per_call": "free"}}, "service: 'free' is not an amount in US dollars"),
        ({"service": {"name": "ai"}}, "service: name 'ai' is what calls of models are counted as"),
        ({"service": {"name": ""}}, "service: name '' must be letters, digits, - and _"),
        ({"service": {"name": "a:b"}}, "service: name 'a:b' must be letters, digits, - and _"),
        ({"limits": {"concurrency": -1}}, "limits: concurrency must be at least 0"),
        ({"tokens": {"rotation_days": -1}}, "tokens: rotation_days must be at least 0"),
        ({"tokens": {"rotation_days": 7, "warn_days": 7}}, "tokens: warn_days is shorter than rotation_days"),
        ({"tokens": {"imported": ["md5"]}}, "tokens: imported names 'md5'; known: sha256, and hmac:NAME"),
        ({"budgets": {"unpriced": "free"}}, "budgets: unpriced 'free' must be one of 'guard', 'allow', 'refuse'"),
        ({"budgets": {"assume_output_tokens": 0}}, "budgets: assume_output_tokens must be at least 1"),
        ({"budgets": {"daily_usd": "-1"}}, "budgets: '-1' is not an amount in US dollars of at least 0"),
        ({"budgets": {"token_monthly_usd": "1e999999"}}, "budgets: '1e999999' is not an amount in US dollars"),
        ({"upstream": {"transport": "curl"}}, "upstream: transport 'curl' must be one of 'http1', 'httpx2'"),
        ({"upstream": {"max_answer_bytes": 0}}, "upstream: max_answer_bytes must be at least 1"),
        ({"upstream": {"idle_timeout_s": 0}}, "upstream: idle_timeout_s must be above 0"),
        ({"upstream": {"total_timeout_s": float("nan")}}, "upstream: total_timeout_s must be above 0"),
        ({"plugins": {"timeout_s": 0}}, "plugins: timeout_s must be above 0"),
        ({"logging": {"level": "loud"}}, "logging: level 'loud' must be one of"),
        ({"logging": {"format": "xml"}}, "logging: format 'xml' must be one of"),
        ({"policies": 5}, "policies must be a table"),
        ({"policies": {"curfew": "on"}}, "policies.curfew must be a table"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(table: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(table)

    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
    assert "sk-secret" not in str(caught.value)


def test_usable_tables_are_taken() -> None:
    config = parse_config(
        {
            "providers": {"x": {"base_url": "https://x.example", "api_key": "file:/run/secrets/x"}},
            "models": {"m": {"targets": ["x/org/model"], "price": {"input": "0.15"}}},
            "budgets": {"daily_usd": "5"},
            "service": {"name": "my-shop_2"},
        }
    )

    assert config.providers["x"].api_key == "file:/run/secrets/x"
    assert config.models["m"] == ModelConfig(("x/org/model",), {"input": "0.15"})
    assert config.budgets == BudgetsConfig(daily_usd="5")
    assert config.plugins == PluginsConfig()


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("", "sqlite:///{here}/data/tollbridge.db"),
        ("sqlite:///own.db", "sqlite:///{here}/etc/own.db"),
        ("sqlite:////var/own.db", "sqlite:////var/own.db"),
        ("sqlite:///", "sqlite:///"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://db/x", "postgresql://db/x"),
        ("other+sqlite:///x", "other+sqlite:///x"),
    ],
)
def test_file_of_the_store_is_found_from_the_folder_of_the_configuration(tmp_path: Path, url: str, found: str) -> None:
    file = tmp_path / "etc" / "bridge.toml"
    file.parent.mkdir()
    file.write_text(f'[store]\nurl = "{url}"\n')

    config = load_config(file, {"TOLLBRIDGE_DATA": str(tmp_path / "data")})

    assert config.store_url == found.format(here=tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "http://gw",
        "https://GW.example.com",
        "https://example.com:8443/gw/v2.0",
        "http://[::1]:8800",
        "https://10.0.0.1",
    ],
)
def test_public_url_is_a_scheme_a_host_and_a_path(url: str) -> None:
    assert parse_config({"server": {"public_url": url}}).server.public_url == url
