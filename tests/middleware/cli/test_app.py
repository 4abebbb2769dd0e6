"""The tree of commands, and what every command has in common."""

import subprocess
import sys

import pytest
import typer

from tollbridge import __version__, cli
from tollbridge.errors import GatewayError

COMMANDS = ["serve", "init", "check", "chain", "plugins", "models", "openapi", "token", "audit", "secret", "db"]


def test_help_names_every_command(tollbridge) -> None:
    ran = tollbridge("--help")

    assert ran.code == 0
    assert [name for name in COMMANDS if f" {name} " not in ran.out] == []


def test_nothing_said_shows_the_help_and_is_wrong_usage(tollbridge) -> None:
    ran = tollbridge()

    assert (ran.code, ran.err) == (2, "")
    assert "Usage: tollbridge" in ran.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(tollbridge, command) -> None:
    ran = tollbridge(command, "--help")

    assert ran.code == 0
    assert "Usage: tollbridge" in ran.out


def test_version(tollbridge) -> None:
    ran = tollbridge("--version")

    assert (ran.code, ran.out) == (0, f"tollbridge {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("chekc",), "No such command 'chekc'"),
        (("check", "--lvie"), "No such option: --lvie"),
        (("serve", "--port", "99999"), "Invalid value for '--port'"),
        (("token", "create"), "Missing option '--name'"),
        (("token", "show"), "Missing argument 'token_id'"),
    ],
)
def test_wrong_usage_is_code_2_and_one_line_that_says_what(tollbridge, arguments, sentence) -> None:
    ran = tollbridge(*arguments)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("tollbridge: ")
    assert sentence in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    ["secret set mine", "provider-key set openai", "provider-key rotate openai", "person password amy@x.example"],
)
def test_word_too_many_is_not_repeated_for_it_may_be_a_secret(tollbridge, command) -> None:
    ran = tollbridge(*command.split(), "sk-quartz-lamp-0000")

    assert (ran.code, ran.out) == (2, "")
    called = command.rpartition(" ")[0]
    assert ran.err.startswith(f"tollbridge: too many words for 'tollbridge {called}'; they are not repeated here")
    assert "asked for without being shown, or read from standard input" in ran.err
    assert "quartz" not in ran.err


def test_mistake_in_the_configuration_is_code_1_and_one_line(tollbridge, config) -> None:
    config.write_text("[sever]\n")

    for arguments in (("check",), ("chain",), ("models",), ("openapi",), ("plugins",), ("token", "list")):
        ran = tollbridge(*arguments)
        assert (ran.code, ran.err) == (1, "tollbridge: unknown section [sever]; did you mean 'server'?\n")


def test_missing_configuration_says_how_to_make_one(tollbridge, tmp_path) -> None:
    ran = tollbridge("check", "--config", str(tmp_path / "none.toml"))

    assert ran.code == 1
    assert "make one with: tollbridge init" in ran.err


def command_that(error: BaseException, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Install a plugin whose command `fail` raises this."""
    site = tmp_path / "site"
    info = site / "failing-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: failing\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tollbridge]\nfailing = failing_plugin\n")
    (site / "failing_plugin.py").write_text("")
    monkeypatch.syspath_prepend(site)
    from tollbridge import hookimpl

    def fail() -> None:
        raise error

    @hookimpl
    def register_commands(register) -> None:
        register("fail", fail)

    module = __import__("failing_plugin")
    monkeypatch.setitem(sys.modules, "failing_plugin", module)
    monkeypatch.setattr(module, "register_commands", register_commands, raising=False)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (GatewayError("not now"), 1, "tollbridge: not now\n"),
        (GatewayError("not now", detail="store: locked"), 1, "tollbridge: not now (store: locked)\n"),
        (KeyboardInterrupt(), 130, ""),
        (typer.Abort(), 130, ""),
    ],
)
def test_error_of_a_command_has_its_code(tollbridge, monkeypatch, tmp_path, error, code, said) -> None:
    command_that(error, monkeypatch, tmp_path)

    ran = tollbridge("fail")

    assert (ran.code, ran.err) == (code, said)


def test_fault_of_ours_is_not_hidden(tollbridge, monkeypatch, tmp_path) -> None:
    command_that(RuntimeError("a bug"), monkeypatch, tmp_path)

    with pytest.raises(RuntimeError, match="a bug"):
        tollbridge("fail")


@pytest.mark.parametrize(
    "words",
    [("token", "show", "\udcff"), ("team", "create", "\udcff"), ("api", "GET", "/\udcff"), ("\udcff",)],
)
def test_word_that_is_no_text_is_wrong_usage_and_not_repeated(tollbridge, laid, words) -> None:
    ran = tollbridge(*words)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"tollbridge: the word at place {len(words)} is no text in UTF-8; it is not repeated here\n"


def test_commands_of_plugins_are_there(tollbridge) -> None:
    assert " demo " in tollbridge("--help").out


@pytest.fixture
def broken(monkeypatch, tmp_path) -> str:
    """Install a plugin that does not load; gives the sentence that says so."""
    info = tmp_path / "site" / "broken-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tollbridge]\nbroken = nothing_of_this_name\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    return (
        "tollbridge: plugin 'broken' (broken 1.0) did not load: No module named 'nothing_of_this_name'; "
        "to start without it: plugins.disabled = ['broken']\n"
    )


def test_plugin_that_does_not_load_is_said_and_the_other_commands_work(tollbridge, broken) -> None:
    ran = tollbridge("--help")

    assert (ran.code, ran.err) == (0, broken)
    assert all(f" {name} " in ran.out for name in ("serve", "demo", "admin-link", "local"))


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("check",), ("plugins",), ("chain",)])
def test_plugin_that_does_not_load_is_said_once_by_a_command_that_needs_it(tollbridge, broken, command) -> None:
    ran = tollbridge(*command)

    assert (ran.code, ran.out, ran.err) == (1, "", broken)


@pytest.mark.parametrize("told", ["--config", "-c", "--config=", "-c=", "TOLLBRIDGE_CONFIG", "./tollbridge.toml"])
def test_disabled_plugin_costs_nothing_and_has_no_commands(
    tollbridge, broken, config, tmp_path, monkeypatch, told
) -> None:
    text = config.read_text() + "[plugins]\ndisabled = ['broken', 'demo']\n"
    path = config if told == "./tollbridge.toml" else tmp_path / "other.toml"
    path.write_text(text)
    if told == "TOLLBRIDGE_CONFIG":
        monkeypatch.setenv(told, str(path))
    given = {"--config": ("--config", "other.toml"), "-c": ("-c", "other.toml")}
    given |= {"--config=": ("--config=other.toml",), "-c=": ("-cother.toml",)}

    ran = tollbridge("plugins", *given.get(told, ()))
    gone = tollbridge("demo", *given.get(told, ()))

    assert (ran.code, ran.err) == (0, "")
    assert gone.code == 2
    assert "No such command 'demo'" in gone.err


def test_only_allowed_plugins_have_commands(tollbridge, broken, config) -> None:
    config.write_text("[plugins]\nallowed = ['signin']\n")

    ran = tollbridge("--help")

    assert ran.err == ""
    assert " admin-link " in ran.out
    assert " demo " not in ran.out


def test_command_of_a_plugin_is_not_looked_for_where_the_configuration_cannot_be_read(tollbridge, config) -> None:
    config.write_text("[sever]\n")

    plugins = tollbridge("demo")
    ours = tollbridge("init", "--config", "new.toml")

    assert (plugins.code, plugins.err) == (1, "tollbridge: unknown section [sever]; did you mean 'server'?\n")
    assert ours.code == 0


def test_config_option_without_its_value_is_wrong_usage(tollbridge) -> None:
    ran = tollbridge("check", "--config")

    assert ran.code == 2
    assert "requires an argument" in ran.err


def test_group_of_commands_of_a_plugin_is_added(tollbridge, monkeypatch, tmp_path) -> None:
    group = typer.Typer(help="A group.", no_args_is_help=True)
    group.command("one")(lambda: print("one done"))
    group.command("two")(lambda: None)
    command_that(RuntimeError("not called"), monkeypatch, tmp_path)
    from tollbridge import hookimpl

    @hookimpl
    def register_commands(register) -> None:
        register("group", group)

    monkeypatch.setattr(sys.modules["failing_plugin"], "register_commands", register_commands)

    assert tollbridge("group", "one").out == "one done\n"


def test_program_exits_with_the_code_of_its_command(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["tollbridge", "--version"])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"tollbridge {__version__}\n"


def test_module_is_the_program() -> None:
    done = subprocess.run([sys.executable, "-m", "tollbridge", "--version"], capture_output=True, text=True, check=True)

    assert done.stdout == f"tollbridge {__version__}\n"


def test_server_is_not_started_with_a_mistake_in_the_configuration(tollbridge, config, tmp_path) -> None:
    config.write_text("[limits]\nconcurrency = 1\n")

    ran = tollbridge("serve", "--workers", "2", "--port", "0")

    assert ran.code == 1
    assert ran.err.startswith("tollbridge: 2 workers would each keep [limits] of their own")
    assert [path.name for path in tmp_path.iterdir()] == ["tollbridge.toml"]
