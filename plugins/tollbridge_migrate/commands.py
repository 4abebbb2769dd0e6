"""`tollbridge migrate ...`: one command for each gateway that is read."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tollbridge.cli.output import JsonOption, print_json

if TYPE_CHECKING:
    from tollbridge_migrate.gathering import Gathering

app = typer.Typer(
    help="Read what another gateway was told, and write it as configuration and documents of this one.",
    no_args_is_help=True,
)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="What the other gateway was told.")]
OutOption = Annotated[Path, typer.Option("--out", "-o", help="An empty folder, or one that is made.")]
SecretsOption = Annotated[
    bool, typer.Option("--with-secrets", help="Write the secrets that are found too, into secrets.env, for you alone.")
]


@app.command("litellm")
def litellm(
    file: FileArgument,
    out: OutOption,
    with_secrets: SecretsOption = False,
    keys: Annotated[
        Path | None, typer.Option("--keys", help="Rows of LiteLLM_VerificationToken as JSON: docs/migrating.md.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read a config.yaml of LiteLLM, and with --keys its table of keys, by their hashes."""
    from tollbridge import SystemClock
    from tollbridge_migrate.litellm import read_litellm
    from tollbridge_migrate.litellm_keys import read_keys, read_rows
    from tollbridge_migrate.reading import read_foreign

    def read(gathering: "Gathering") -> None:
        groups = read_litellm(read_foreign(file, merges=True), gathering)
        if keys is not None:
            read_keys(read_rows(keys), gathering, SystemClock().now(), groups)

    _migrate("LiteLLM", read, out, with_secrets=with_secrets, as_json=as_json)


@app.command("apipark")
def apipark(
    file: FileArgument, out: OutOption, with_secrets: SecretsOption = False, as_json: JsonOption = False
) -> None:
    """Read an export of APIPark: the export.zip that /api/v1/system/_export gives."""
    from tollbridge_migrate.apipark import Export

    def read(gathering: "Gathering") -> None:
        Export.of(file, gathering).read()

    _migrate("APIPark", read, out, with_secrets=with_secrets, as_json=as_json)


@app.command("one-api")
def one_api(
    file: FileArgument, out: OutOption, with_secrets: SecretsOption = False, as_json: JsonOption = False
) -> None:
    """Read the SQLite file of one-api or new-api; it must not run meanwhile."""
    from tollbridge import SystemClock
    from tollbridge_migrate.database import opened
    from tollbridge_migrate.oneapi import read_one_api, read_tables

    def read(gathering: "Gathering") -> None:
        with opened(file) as database:
            tables = read_tables(database)
        read_one_api(tables, gathering, SystemClock().now())

    _migrate("one-api", read, out, with_secrets=with_secrets, as_json=as_json)


@app.command("portkey")
def portkey(
    file: FileArgument,
    out: OutOption,
    with_secrets: SecretsOption = False,
    model: Annotated[str, typer.Option(help="The model of targets that name none.")] = "",
    virtual_key: Annotated[
        list[str] | None, typer.Option("--virtual-key", help="KEY=PROVIDER: whose a virtual key is; several times.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read configurations of Portkey: one, a list of them, or what its API gives."""
    from tollbridge_migrate.naming import slug
    from tollbridge_migrate.portkey import Configs
    from tollbridge_migrate.reading import read_foreign

    providers = dict(map(_pair, virtual_key or ()))

    def read(gathering: "Gathering") -> None:
        Configs(gathering, model=model, providers=providers).read(read_foreign(file), slug(file.stem, "portkey"))

    _migrate("Portkey", read, out, with_secrets=with_secrets, as_json=as_json)


def _migrate(system: str, read: "Callable[[Gathering], None]", out: Path, *, with_secrets: bool, as_json: bool) -> None:
    """Read, write the folder, and say what became of everything."""
    from tollbridge_migrate.gathering import Gathering
    from tollbridge_migrate.placing import installed
    from tollbridge_migrate.reporting import Became, Report
    from tollbridge_migrate.writing import REPORT, files_of, missing_of, write_files

    gathering = Gathering(Report(system))
    read(gathering)
    files = files_of(gathering, installed(), with_secrets=with_secrets)
    write_files(out, files)
    report = gathering.report
    if as_json:
        print_json(_shown(gathering, files, missing_of(gathering, with_secrets=with_secrets)))
        return
    for became in Became:
        print(f"{became.value}: {len(report.of(became))}")
    for path in files:
        if "/" not in path:
            print(out / path)
    if gathering.documents:
        print(f"{out / 'documents'}: {len(gathering.documents)} documents")
    print(f"Read {out / REPORT}: it names each thing that was not carried over, and why.")


def _shown(gathering: "Gathering", files: Mapping[str, str], missing: Any) -> Mapping[str, Any]:
    report = gathering.report
    things = [
        {"kind": one.kind, "name": one.name, "became": one.became.value, "why": one.why} for one in report.findings
    ]
    secrets = [{"name": name, "for": purpose} for name, purpose in missing]
    return {
        "from": report.system,
        "files": list(files),
        "missing_secrets": secrets,
        "things": things,
        "more": report.more,
    }


def _pair(said: str) -> tuple[str, str]:
    key, equals, provider = said.partition("=")
    if not key or not equals or not provider:
        raise typer.BadParameter(f"{said[:60]!r} is no KEY=PROVIDER", param_hint="--virtual-key")
    return key, provider
