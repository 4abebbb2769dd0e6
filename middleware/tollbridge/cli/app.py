"""The tree of commands, and what every command has in common."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from tollbridge import __version__
from tollbridge.cli import commands, secrets, serving, tokens
from tollbridge.errors import GatewayError, PluginError, SetupError
from tollbridge.plugins import Plugins


def _version(wanted: bool) -> None:
    if wanted:
        print(f"tollbridge {__version__}")
        raise typer.Exit


def build() -> typer.Typer:
    """Make the program: our own commands, then those of installed plugins."""
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
    app.add_typer(tokens.app, name="token")
    app.add_typer(secrets.app, name="secret")
    app.add_typer(commands.db, name="db")
    for name, command in _of_plugins().items():
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _of_plugins() -> dict[str, Any]:
    """Collect the commands of plugins; one that does not load is said, and the others go on."""
    try:
        return Plugins().commands()
    except PluginError as exc:
        print(f"tollbridge: {exc}", file=sys.stderr)
        return {}


def run(arguments: Sequence[str]) -> int:
    """Run one command line; gives the exit code."""
    try:
        code = build()(list(arguments), prog_name="tollbridge", standalone_mode=False)
    except SetupError as exc:
        return _say(str(exc), 1)
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
        return _say(text, wrong)
    return code if isinstance(code, int) else 0


def _say(text: str, code: int) -> int:
    print(f"tollbridge: {text}", file=sys.stderr)
    return code
