"""Where a command works and how it shows what it found: the options for that, said once for all commands."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

from tollbridge.cli.output import ConfigOption, JsonOption, TokenOption, UrlOption
from tollbridge.cli.saying import refusals_typed

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Where:
    """A gateway elsewhere by its `url` and a `token`, else the one of a configuration; `as_json` is for programs."""

    config: Path | None = None
    url: str = ""
    token: str = ""
    as_json: bool = False


def _options(
    *, config: ConfigOption = None, url: UrlOption = "", token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """Stand for what every command takes."""


_OPTIONS = tuple(inspect.signature(_options).parameters.values())
_NAMES = tuple(field.name for field in fields(Where))


def placed(command: Callable[Concatenate[Where, P], None]) -> Callable[..., None]:
    """Give a command those options, behind its own; they are its first parameter, a `Where`.

    What it is refused is said in the words of commands.
    """
    signature = inspect.signature(command)
    _, *its = signature.parameters.values()

    @wraps(command)
    def run(*own: Any, **said: Any) -> None:
        with refusals_typed():
            command(Where(**{name: said.pop(name) for name in _NAMES}), *own, **said)

    run.__signature__ = signature.replace(parameters=[*its, *_OPTIONS])  # type: ignore[attr-defined]  # inspect reads it
    return run
