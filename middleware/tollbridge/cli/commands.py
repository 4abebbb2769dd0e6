"""Commands that look at a configuration: init, check, chain, plugins, models, openapi, db."""

import os
import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from tollbridge.cli.later import read_config, run, where_config
from tollbridge.cli.output import ConfigOption, HereOption, JsonOption, print_json, print_table
from tollbridge.data import write_private
from tollbridge.errors import ConfigError
from tollbridge.plugins import Plugins

db = typer.Typer(help="The database's schema.", no_args_is_help=True)


def init(
    path: Annotated[Path | None, typer.Argument(help="Where to write it.", show_default="tollbridge.toml")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite one that is there.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a configuration with every option and its default."""
    if path is not None and config is not None and path != config:
        raise typer.BadParameter(f"{path} and --config {config} are two places; name one")
    path = where_config(path or config)
    text = files("tollbridge.conf").joinpath("tollbridge.toml").read_bytes()
    try:
        if path.exists() and not force:
            raise FileExistsError
        write_private(Path(os.path.realpath(path)), text, os.replace if force else os.link)
    except FileExistsError:
        raise ConfigError(f"{path} is there already; --force overwrites it") from None
    except OSError as exc:
        raise ConfigError(f"{path} cannot be written: {exc.strerror}; nothing was changed") from exc
    if as_json:
        print_json({"path": str(path)})
        return
    print(f"wrote {path}; next: tollbridge check --config {path}")


def check(
    live: Annotated[bool, typer.Option("--live", help="Ask every provider for its models, with its key.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the configuration, plugins, keys, prices and the database, and write nothing."""
    from tollbridge.cli.checking import check_gateway  # builds a whole gateway

    findings = run(check_gateway(config, live=live))
    if as_json:
        print_json([finding.shown() for finding in findings])
    else:
        rows = [[finding.mark, finding.what, finding.result] for finding in findings]
        print_table("Checks", ("", "what", "found"), rows, empty="")
    if any(finding.level == "error" for finding in findings):
        raise typer.Exit(1)


def chain(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Print the chain in order, with who provided each link."""
    from tollbridge.cli.checking import chain_rows  # builds a whole gateway

    rows = chain_rows(config)
    if as_json:
        print_json([dict(zip(("layer", "does", "needs", "from"), row, strict=True)) for row in rows])
        return
    print_table("Chain, outside in", ("layer", "does", "needs", "from"), rows, empty="The chain is empty.")


def plugins(
    trace: Annotated[bool, typer.Option("--trace", help="Print each hook call of a start.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List installed plugins: name, distribution, version, hooks."""
    settings = read_config(config).plugins
    found = Plugins(
        allowed=settings.allowed,
        disabled=settings.disabled,
        trace=(lambda line: print(line, file=sys.stderr)) if trace else None,
    )
    if trace:
        found.register_all()
    if as_json:
        fields = ("name", "distribution", "version", "module", "hooks", "enabled")
        print_json([{field: getattr(info, field) for field in fields} for info in found.listed])
        return
    rows = [
        [i.name, i.distribution, i.version, "yes" if i.enabled else "disabled", ", ".join(i.hooks)]
        for i in found.listed
    ]
    print_table("Plugins", ("name", "distribution", "version", "on", "hooks"), rows, empty="No plugin is installed.")


def models(
    config: ConfigOption = None,
    as_json: JsonOption = False,
    every: Annotated[bool, typer.Option("--all", help="Also list all known providers, with a key or without.")] = False,
) -> None:
    """List models, their targets and prices; a model without a price is said to be unpriced."""
    from tollbridge.cli.checking import model_rows, provider_rows  # builds a whole gateway

    rows = model_rows(config)
    if as_json:
        listed = [{**row, "price": row["price"] and row["price"].table()} for row in rows]
        print_json(listed if not every else {"models": listed, "providers": run(provider_rows(config))})
        return
    cells = [
        [row["model"], " ".join(row["targets"]), *((p.shown(), p.id) if (p := row["price"]) else ("unpriced", "-"))]
        for row in rows
    ]
    hint = "No model is configured. With a provider's key in the environment, provider/model works: see --all."
    columns = ("model", "targets", "USD per million tokens", "price from")
    print_table("Models", columns, cells, empty=hint)
    if every:
        known = [[str(row["provider"]), str(row["key"]), str(row["state"])] for row in run(provider_rows(config))]
        print()
        print_table("Providers", ("provider", "key", "state"), known, empty="No provider is known.")


def openapi(config: ConfigOption = None, as_json: JsonOption = True) -> None:
    """Print the OpenAPI 3.1 description of what the gateway serves; it is JSON, asked for or not."""
    from tollbridge.cli.checking import openapi_document  # builds a whole gateway

    print_json(openapi_document(config))


@db.command("upgrade")
def upgrade(config: HereOption = None, as_json: JsonOption = False) -> None:
    """Bring the database to this program's version."""
    _schema("upgrade", config, as_json=as_json)


@db.command("status")
def status(config: HereOption = None, as_json: JsonOption = False) -> None:
    """Say which version the database has.  Exits with 1 where it is newer than this program."""
    _schema("status", config, as_json=as_json)


def _schema(action: str, config: Path | None, *, as_json: bool) -> None:
    from tollbridge.cli.checking import say_status  # brings the store
    from tollbridge.cli.offline import store_factories
    from tollbridge.opening import schema_keeper
    from tollbridge.stores.versions import SchemaState

    loaded = read_config(config)
    url = loaded.store_url
    keeper = schema_keeper(url, store_factories(loaded))
    if keeper is None:
        scheme = url.partition(":")[0]
        raise ConfigError(f"the store of {scheme}:// has its schema from a plugin, which brings a command of its own")
    found = keeper.upgrade(url) if action == "upgrade" else keeper.status(url)
    if as_json:
        print_json({"state": found.state.value, "current": found.current or None, "newest": found.newest})
    else:
        print(say_status(found))
    if found.state is SchemaState.NEWER:
        raise typer.Exit(1)
