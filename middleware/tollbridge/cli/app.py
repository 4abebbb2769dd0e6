"""The tree of commands, and what every command has in common."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tollbridge import __version__
from tollbridge.cli import audits, commands, secrets, serving, tokens
from tollbridge.cli.later import read_config
from tollbridge.errors import ConfigError, GatewayError, SetupError
from tollbridge.plugins import Plugins

_TOO_MANY = "Got unexpected extra argument"
"""How the parser begins to say so; it goes on with the words themselves."""


def _version(wanted: bool) -> None:
    if wanted:
        print(f"tollbridge {__version__}")
        raise typer.Exit


def build(arguments: Sequence[str] = (), said: set[str] | None = None) -> typer.Typer:
    """Make the program: our own commands, then those of installed plugins as the configuration allows them.

    What is wrong with a plugin is printed, and put into `said`. A configuration that cannot be read says nothing about
    plugins, so that none is loaded: raises `ConfigError` where the command is not one of ours.
    """
    app = typer.Typer(
        name="tollbridge",
        help="A toll bridge for AI traffic: tokens, scopes, limits, cost and format translation.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help: drawing it in boxes takes longer than all the rest of a start
    )

    @app.callback()
    def program(
        version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
    ) -> None:
        """A toll bridge for AI traffic: tokens, scopes, limits, cost and format translation."""

    app.command("serve")(serving.serve)
    app.command("init")(commands.init)
    app.command("check")(commands.check)
    app.command("chain")(commands.chain)
    app.command("plugins")(commands.plugins)
    app.command("models")(commands.models)
    app.command("openapi")(commands.openapi)
    own = {"token": tokens.app, "audit": audits.app, "secret": secrets.app, "db": commands.db}
    groups = {name: _opened(group) for name, group in own.items()}
    for name, group in groups.items():
        app.add_typer(group, name=name)
    said = set() if said is None else said
    ours = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    try:
        allowed, disabled = _allowed(_named_config(arguments))
    except ConfigError:
        if next((word for word in arguments if not word.startswith("-")), "init") not in ours:
            raise
        return app
    for name, command in _of_plugins(allowed, disabled, said).items():
        first, _, second = name.partition(" ")
        place, last = (groups[first], second) if first in groups and second else (app, name)
        if isinstance(command, typer.Typer):
            place.add_typer(command, name=last)
        else:
            place.command(last)(command)
    return app


def _opened(group: typer.Typer) -> typer.Typer:
    """Give a group of our own that plugins can put commands into, as `token leaked`; the one of its module stays."""
    opened = typer.Typer(help=group.info.help, no_args_is_help=True)
    opened.add_typer(group)
    return opened


def _allowed(named: Path | None) -> tuple[Sequence[str], Sequence[str]]:
    """Give what the configuration says of plugins, allowed and disabled; nothing where there is none to be read."""
    given = "TOLLBRIDGE_CONFIG" in os.environ or any(name.startswith("TOLLBRIDGE_PLUGINS__") for name in os.environ)
    if named is None and not given and not os.path.exists("tollbridge.toml"):
        return (), ()
    settings = read_config(named).plugins
    return settings.allowed, settings.disabled


def _named_config(arguments: Sequence[str]) -> Path | None:
    """Find `--config` before the command is known: plugins of that configuration may bring it."""
    for position, word in enumerate(arguments):
        if word in ("--config", "-c"):
            return Path(arguments[position + 1]) if position + 1 < len(arguments) else None
        name, equals, value = word.partition("=")
        if name == "--config" and equals:
            return Path(value)
        if word.startswith("-c"):
            return Path(word[2:])
    return None


def _of_plugins(allowed: Sequence[str], disabled: Sequence[str], said: set[str]) -> dict[str, Any]:
    """Collect the commands of plugins; one that does not fit is said, and the others go on."""

    def forgive(problem: SetupError) -> None:
        said.add(str(problem))
        _say(str(problem), 1)

    return Plugins(allowed=allowed, disabled=disabled, forgive=forgive).commands()


def run(arguments: Sequence[str]) -> int:
    """Run one command line; gives the exit code."""
    for place, word in enumerate(arguments, 1):
        if not _is_text(word):
            return _say(f"the word at place {place} is no text in UTF-8; it is not repeated here", 2)
    said: set[str] = set()
    try:
        code = build(arguments, said)(list(arguments), prog_name="tollbridge", standalone_mode=False)
    except SetupError as exc:
        return 1 if str(exc) in said else _say(str(exc), exc.exit_code)
    except GatewayError as exc:
        return _say(exc.message if exc.detail is None else f"{exc.message} ({exc.detail})", 1)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except Exception as exc:
        shown = getattr(exc, "format_message", None)
        if shown is None:
            raise
        text, wrong = shown(), int(getattr(exc, "exit_code", 2))
        context = getattr(exc, "ctx", None)
        if context is not None and text == context.get_help():  # nothing was said
            print(text)
            return wrong
        if context is not None and text.startswith(_TOO_MANY):
            text = _too_many(context.command_path)
        return _say(text, wrong)
    return code if isinstance(code, int) else 0


def _too_many(command: str) -> str:
    """Say that a command was given more words than it takes, and none of them: one may be a key."""
    return (
        f"too many words for '{command}'; they are not repeated here, for one may be a secret. Keys and passwords are "
        f"no arguments: they are asked for without being shown, or read from standard input; see {command} --help"
    )


def _is_text(word: str) -> bool:
    """Whether an argument holds no byte that could not be read."""
    return word == word.encode("utf-8", "replace").decode("utf-8")


def _say(text: str, code: int) -> int:
    print(f"tollbridge: {text}", file=sys.stderr)
    return code
