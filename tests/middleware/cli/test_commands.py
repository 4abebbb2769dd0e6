"""Commands that look at a configuration."""

import json
import re
import socket
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.support.disk import disk_with_room_for

from tollbridge.config import Config, load_config
from tollbridge.stores.versions import revisions

NEWEST = revisions()[-1]


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


def told(ran: Any) -> str:
    """Give what was printed, the columns of tables two spaces apart."""
    return re.sub(r" *$", "", re.sub(r" {2,}", "  ", ran.out), flags=re.MULTILINE)


def test_init_writes_every_option_with_its_default(tollbridge, tmp_path) -> None:
    ran = tollbridge("init", "new.toml")

    assert (ran.code, ran.out) == (0, "wrote new.toml; next: tollbridge check --config new.toml\n")
    assert load_config(tmp_path / "new.toml", {}).server == Config().server


def test_init_overwrites_only_when_told_to(tollbridge, config) -> None:
    before = config.read_text()

    refused = tollbridge("init")
    kept = config.read_text()
    forced = tollbridge("init", "--force")

    assert (refused.code, kept) == (1, before)
    assert "tollbridge.toml is there already; --force overwrites it" in refused.err
    assert forced.code == 0
    assert config.read_text() != before


def test_init_says_why_it_cannot_write(tollbridge, tmp_path) -> None:
    ran = tollbridge("init", str(tmp_path / "no" / "folder.toml"))

    assert ran.code == 1
    assert "cannot be written: No such file or directory" in ran.err


@pytest.mark.parametrize("more", [(), ("--force",)])
def test_init_on_a_full_disk_says_so_and_leaves_everything_as_it_was(tollbridge, tmp_path, more) -> None:
    path = tmp_path / "mine.toml"
    if more:
        path.write_text("# mine\n")
    before = {found.name: found.read_bytes() for found in tmp_path.iterdir()}

    with disk_with_room_for(100):
        ran = tollbridge("init", "mine.toml", *more)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "tollbridge: mine.toml cannot be written: File too large; nothing was changed\n"
    assert {found.name: found.read_bytes() for found in tmp_path.iterdir()} == before


def test_init_through_a_link_writes_what_it_leads_to(tollbridge, tmp_path) -> None:
    (tmp_path / "real.toml").write_text("# mine\n")
    (tmp_path / "link.toml").symlink_to("real.toml")

    assert tollbridge("init", "link.toml", "--force").code == 0

    assert (tmp_path / "link.toml").is_symlink()
    assert load_config(tmp_path / "real.toml", {}).server == Config().server


def test_init_writes_where_the_other_commands_would_read(tollbridge, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TOLLBRIDGE_CONFIG", "named.toml")

    assert tollbridge("init", "--config", "given.toml").code == 0
    assert tollbridge("init").code == 0

    assert {"given.toml", "named.toml"} <= files(tmp_path)


def test_init_in_two_places_is_wrong_usage(tollbridge, tmp_path) -> None:
    ran = tollbridge("init", "one.toml", "--config", "two.toml")

    assert ran.code == 2
    assert "one.toml and --config two.toml are two places; name one" in ran.err
    assert files(tmp_path) == {"tollbridge.toml"}


def test_check_looks_at_everything_and_writes_nothing(tollbridge, config, tmp_path) -> None:
    ran = tollbridge("check")

    assert ran.code == 0
    assert "✓  configuration  tollbridge.toml" in told(ran)
    assert "✓  provider mock  openai-chat" in told(ran)
    assert "✓  model small  mock/tiny-1, priced by config: small" in told(ran)
    assert '!  model unpriced  mock/nobody-prices-this has no known price; set models."unpriced".price' in told(ran)
    assert f"✓  database  new; made at the first start, schema {NEWEST}" in told(ran)
    assert "sk-upstream-secret" not in ran.out + ran.err
    assert files(tmp_path) == {"tollbridge.toml"}


def test_check_as_json_has_the_same_findings(tollbridge) -> None:
    findings = tollbridge("check", "--json").json

    assert {"what": "configuration", "result": "tollbridge.toml", "level": "ok"} in findings
    assert {finding["level"] for finding in findings} == {"ok", "warning"}


def test_check_without_a_file_says_so(tollbridge, config) -> None:
    config.unlink()

    assert "✓  configuration  no file, defaults" in told(tollbridge("check"))


def test_check_of_a_damaged_database_is_an_error(tollbridge, tmp_path) -> None:
    (tmp_path / ".tollbridge").mkdir()
    (tmp_path / ".tollbridge" / "tollbridge.db").write_bytes(b"this is no database, only text of some length" * 50)

    ran = tollbridge("check")

    assert ran.code == 1
    assert "✗  database  " in told(ran)
    assert "is no SQLite database" in ran.out


@contextmanager
def provider(status: int) -> Iterator[tuple[str, list[str]]]:
    """Serve one status for everything, on this machine; gives the base URL and what was asked with which key."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers['authorization']}")
            self.send_response(status)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "finding"),
    [
        (200, 0, "✓  live mock  answered 200"),
        (404, 0, "✓  live mock  answered 404"),
        (401, 1, "✗  live mock  answered 401: the key is refused"),
        (403, 1, "✗  live mock  answered 403: the key is refused"),
        (503, 1, "✗  live mock  answered 503"),
    ],
)
def test_check_live_asks_each_provider_with_its_key(tollbridge, config, status, code, finding) -> None:
    with provider(status) as (base, asked):
        config.write_text(config.read_text().replace("https://mock.example/v1", base) + "")
        with_leave = config.read_text().replace("[providers.mock]", "[providers.mock]\nallow_private = true")
        config.write_text(with_leave)

        ran = tollbridge("check", "--live")

    assert ran.code == code
    assert finding in told(ran).splitlines()
    assert asked == ["/v1/models Bearer sk-upstream-secret"]


SIGNS = """
from dataclasses import dataclass
from tollbridge import hookimpl

@dataclass(frozen=True)
class Signs:
    env: tuple[str, ...] = ()

    def headers(self, key):
        return []

    async def sign(self, key, request):
        return [(b"authorization", f"Signed {request.method} {key}".encode())]

@hookimpl
def register_auth_schemes(register):
    register("signs", Signs)
"""


def test_check_live_signs_where_the_scheme_of_a_provider_does(tollbridge, config, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "site" / "tollbridge_signs-1.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: tollbridge-signs\nVersion: 1\n")
    (folder / "entry_points.txt").write_text("[tollbridge]\nsigns = tollbridge_sample_signs\n")
    (tmp_path / "site" / "tollbridge_sample_signs.py").write_text(SIGNS)
    monkeypatch.syspath_prepend(tmp_path / "site")
    with provider(200) as (base, asked):
        text = config.read_text().replace("https://mock.example/v1", base)
        config.write_text(text.replace("[providers.mock]", '[providers.mock]\nallow_private = true\nauth = "signs"'))

        ran = tollbridge("check", "--live")

    assert ran.code == 0
    assert asked == ["/v1/models Signed GET sk-upstream-secret"]


def test_check_live_says_that_a_provider_cannot_be_reached(tollbridge, config) -> None:
    with socket.socket() as silent:  # which has its port and does not listen
        silent.bind(("127.0.0.1", 0))
        text = config.read_text().replace("https://mock.example", f"http://127.0.0.1:{silent.getsockname()[1]}")
        config.write_text(text.replace("[providers.mock]", "[providers.mock]\nallow_private = true"))

        ran = tollbridge("check", "--live")

    assert ran.code == 1
    assert "✗  live mock  " in told(ran)


def test_check_live_says_why_a_provider_cannot_be_reached(tollbridge, config) -> None:
    config.write_text(config.read_text().replace("https://mock.example/v1", "https://mock.invalid/v1"))

    ran = tollbridge("check", "--live")

    assert ran.code == 1
    assert "mock.invalid cannot be reached: mock.invalid does not resolve: " in ran.out


def test_private_address_without_leave_is_said_with_the_remedy(tollbridge, config, monkeypatch) -> None:
    monkeypatch.setenv("NEON_AI_GATEWAY_BASE_URL", "http://10.0.0.7")
    monkeypatch.setenv("NEON_AI_GATEWAY_TOKEN", "k")
    warned = tollbridge("check", "--json").json
    config.write_text(config.read_text().replace("https://mock.example/v1", "http://localhost:8000/v1"))

    refused = tollbridge("check")

    assert refused.code == 1
    assert refused.err.endswith("if that is meant, set providers.mock.allow_private = true\n")
    assert {
        "what": "provider neon",
        "result": "http://10.0.0.7/ai-gateway/mlflow/v1 leads to this machine or a private network; "
        "set providers.neon.allow_private = true",
        "level": "warning",
    } in warned


def test_chain_is_printed_outside_in_with_who_provided_each_link(tollbridge) -> None:
    rows = tollbridge("chain", "--json").json
    table = tollbridge("chain").out

    names = [row["layer"] for row in rows]
    assert names == [
        *(
            "observe",
            "sanity",
            "context",
            "authenticate",
            "authorize",
            "subscribe",
            "recall",
            "limit",
            "meter",
            "translate",
            "dispatch",
        ),
    ]
    assert {row["from"] for row in rows} == {"tollbridge"}
    assert rows[4] == {
        "layer": "authorize",
        "does": "Refuses what the token has no scope for, and names the scope it lacks",
        "needs": "authenticate",
        "from": "tollbridge",
    }
    assert all(name in table for name in names)


def test_plugins_are_listed_with_distribution_version_and_hooks(tollbridge) -> None:
    listed = {row["name"]: row for row in tollbridge("plugins", "--json").json}
    table = tollbridge("plugins").out

    assert {"openai", "anthropic", "compatible", "demo"} <= listed.keys()
    assert listed["openai"]["module"] == "tollbridge_openai"
    assert {"register_dialects", "register_providers"} <= set(listed["openai"]["hooks"])
    assert listed["openai"]["enabled"] is True
    assert "tollbridge_openai" not in table
    assert "register_dialects" in table


def test_disabled_plugin_is_listed_as_such_and_others_can_be_left_out(tollbridge, config) -> None:
    config.write_text(config.read_text() + "[plugins]\ndisabled = ['demo']\n")

    listed = {row["name"]: row for row in tollbridge("plugins", "--json").json}

    assert (listed["demo"]["enabled"], listed["demo"]["hooks"]) == (False, [])
    assert "disabled" in tollbridge("plugins").out


def test_trace_prints_each_hook_call(tollbridge) -> None:
    ran = tollbridge("plugins", "--trace")

    assert "register_dialects -> openai" in ran.err.splitlines()
    assert ran.code == 0


def test_models_show_targets_and_prices_and_the_unpriced_are_never_free(tollbridge) -> None:
    rows = {row["model"]: row for row in tollbridge("models", "--json").json}
    table = told(tollbridge("models"))

    assert rows["small"] == {
        "model": "small",
        "targets": ["mock/tiny-1"],
        "price": {
            **dict.fromkeys(("input", "cache_read", "cache_write", "cache_write_1h"), "0.15"),
            **dict.fromkeys(("audio_input", "image_input"), "0.15"),
            **dict.fromkeys(("output", "audio_output"), "0.6"),
            "request": "0",
            "server_tool_call": "0",
            "tiers": [],
            "source": "config: small",
        },
        "context": 1000,
    }
    assert rows["unpriced"]["price"] is None
    assert "0.15 in, 0.6 out  config: small" in table
    assert "unpriced" in next(line for line in table.splitlines() if "nobody-prices-this" in line).split(" ", 1)[1]


def test_models_with_all_also_lists_known_providers_and_their_key_variable(tollbridge) -> None:
    found = tollbridge("models", "--all", "--json").json
    table = tollbridge("models", "--all").out

    providers = {row["provider"]: row for row in found["providers"]}
    assert {row["model"] for row in found["models"]} >= {"small"}
    assert providers["mock"] == {"provider": "mock", "key": "-", "state": "ready"}
    assert providers["groq"]["key"] == "GROQ_API_KEY"
    assert "Providers" in table


def test_provider_that_waits_for_its_key_is_listed_with_all(tollbridge, config) -> None:
    config.write_text('[providers.mine]\nbase_url = "https://mine.example/v1"\napi_key = "stored:mine"\n')

    found = tollbridge("models", "--all", "--json").json["providers"]

    assert {"provider": "mine", "key": "-", "state": "no key"} in found


def test_no_model_is_said_with_the_way_to_one(tollbridge, config) -> None:
    config.write_text("")

    assert "With a provider's key in the environment, provider/model works" in tollbridge("models").out


def test_openapi_is_a_document_of_what_is_served(tollbridge, config) -> None:
    served = tollbridge("openapi").json
    config.write_text("[server]\nai_routes = false\n")
    bare = tollbridge("openapi").json

    assert served["openapi"] == "3.1.0"
    assert "/v1/chat/completions" in served["paths"]
    assert "/v1/chat/completions" not in bare["paths"]
    assert "/metrics" in bare["paths"]


def test_database_is_made_and_its_version_told(tollbridge, tmp_path) -> None:
    before = tollbridge("db", "status")
    upgraded = tollbridge("db", "upgrade")
    after = tollbridge("db", "status")

    assert before.out.startswith("new; made at the first start")
    assert upgraded.out == after.out == f"schema {NEWEST}, up to date\n"
    assert (tmp_path / ".tollbridge" / "tollbridge.db").exists()
    assert f"✓  database  schema {NEWEST}, up to date" in told(tollbridge("check"))


def test_database_of_a_newer_program_is_an_error(tollbridge, tmp_path) -> None:
    import sqlite3

    tollbridge("db", "upgrade")
    db = sqlite3.connect(tmp_path / ".tollbridge" / "tollbridge.db")
    with db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()

    ran = tollbridge("check")
    status = tollbridge("db", "status")
    as_json = tollbridge("db", "status", "--json")

    assert ran.code == status.code == as_json.code == 1
    assert "✗  database  schema 9999 is newer than this program" in told(ran)
    assert status.out.startswith("schema 9999 is newer than this program")
    assert as_json.json == {"state": "newer", "current": "9999", "newest": NEWEST}


STORE = """
import tollbridge

kept = {}


class Nothing:
    def __init__(self, url, clock):
        self.url = url

    async def open(self):
        pass

    async def close(self):
        pass

    async def list_tokens(self, **filters):
        return []

    async def own_keys(self):
        return kept

    async def add_own_key(self, name, sealed):
        return kept.setdefault(name, sealed)

    async def own_key(self, name):
        return kept.get(name)

    async def peppers(self):
        return []

    async def people(self):
        raise NotImplementedError


@tollbridge.hookimpl
def register_stores(register):
    register("elsewhere", Nothing)
"""


@pytest.fixture
def elsewhere(config, tmp_path, monkeypatch) -> None:
    """Install a plugin that opens `elsewhere://`, and configure it."""
    info = tmp_path / "site" / "elsewhere-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tollbridge]\nelsewhere = elsewhere_store\n")
    (tmp_path / "site" / "elsewhere_store.py").write_text(STORE)
    monkeypatch.syspath_prepend(tmp_path / "site")
    config.write_text(config.read_text() + "[store]\nurl = 'elsewhere://user:pw@h/d'\n")


def test_store_of_a_plugin_is_opened_by_commands(tollbridge, elsewhere) -> None:
    ran = tollbridge("token", "list", "--json")

    assert (ran.code, ran.json) == (0, [])


def test_check_shows_another_stores_address_without_its_password(tollbridge, elsewhere) -> None:
    ran = tollbridge("check")

    assert "✓  database  h/d" in told(ran)
    assert "pw" not in ran.out


@pytest.mark.parametrize("action", ["upgrade", "status"])
def test_schema_of_another_store_is_its_plugins(tollbridge, elsewhere, action) -> None:
    ran = tollbridge("db", action)

    assert ran.code == 1
    assert "the store of elsewhere:// has its schema from a plugin" in ran.err
    assert "pw" not in ran.err


@pytest.mark.parametrize(
    ("command", "document"),
    [
        (("init", "new.toml"), {"path": "new.toml"}),
        (("db", "status"), {"state": "empty", "current": None, "newest": NEWEST}),
        (("db", "upgrade"), {"state": "current", "current": NEWEST, "newest": NEWEST}),
    ],
)
def test_what_was_done_is_told_as_json(tollbridge, command, document) -> None:
    assert tollbridge(*command, "--json").json == document


def test_openapi_is_json_asked_for_or_not(tollbridge) -> None:
    assert tollbridge("openapi", "--json").out == tollbridge("openapi").out


def test_nothing_is_broken_into_lines_where_a_program_reads(tollbridge, config) -> None:
    long = "x" * 300
    config.write_text(config.read_text() + f"[models.long]\ntargets = ['mock/{long}']\n")

    assert f"mock/{long} has no known price" in tollbridge("check").out


def test_json_of_every_command_that_offers_it_is_one_document(tollbridge, laid) -> None:
    for arguments in (("check",), ("chain",), ("plugins",), ("models",), ("token", "list"), ("secret", "list")):
        ran = tollbridge(*arguments, "--json")
        assert ran.code == 0
        assert isinstance(json.loads(ran.out), list)


def test_shipped_configuration_is_what_init_writes(tollbridge, tmp_path) -> None:
    tollbridge("init", "new.toml")

    table = tomllib.loads((tmp_path / "new.toml").read_text())

    assert table["server"]["port"] == 8800


def test_check_live_does_not_ask_a_server_that_starts_with_the_gateway(tollbridge, config) -> None:
    config.write_text("[providers.own]\nbase_url = 'http://127.0.0.1:0/v1'\nallow_private = true\n")

    ran = tollbridge("check", "--live")

    assert ran.code == 0
    assert "✓  live own  starts and ends with the gateway" in told(ran)
