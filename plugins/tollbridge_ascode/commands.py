"""`tollbridge apply`, `diff`, `export` and `import`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tollbridge import SetupError
from tollbridge.cli.output import harmless, print_json
from tollbridge.cli.places import Where, placed

if TYPE_CHECKING:
    from tollbridge_ascode.objects import Outcome
    from tollbridge_ascode.planning import Planned, Step
    from tollbridge_ascode.shapes import Document

FilesOption = Annotated[
    list[Path],
    typer.Option("--file", "-f", help="Documents: a file of YAML, JSON or TOML, or a folder of them; several times."),
]
PruneOption = Annotated[
    bool, typer.Option("--prune", help="End what is there and in no document, of the kinds that documents are of.")
]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
ProveOption = Annotated[
    bool,
    typer.Option("--prove", help="Try releases before they are published, such as with their test sets; asks models."),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
_SIGNS = {
    **{"make": "+", "change": "~", "release": "^", "prove": "?", "approve": "+", "end": "-"},
    **{"publish": ">", "promote": ">", "schedule": ">", "deprecate": "~", "keep": "~"},
    **{"pause": "~", "resume": ">", "unschedule": "~"},
}
_DIFFERS, _FAILED = 1, 2


@placed
def apply(
    where: Where,
    file: FilesOption,
    *,
    prune: PruneOption = False,
    prove: ProveOption = False,
    dry_run: DryOption = False,
    yes: YesOption = False,
) -> None:
    """Make a gateway be as documents say: all is planned and shown first, then done in the order of what needs what.

    What is right already is left alone. It stops at the first failure; run again, it goes on. What needs an approval is
    submitted for it, and waits.
    """
    from tollbridge_ascode.files import read_paths

    _apply(where, read_paths(file), prune=prune, prove=prove, dry_run=dry_run, yes=yes)


@placed
def diff(where: Where, file: FilesOption, prune: PruneOption = False) -> None:
    """Say what `apply` would do.  Ends with 1 where something differs, with 2 where that cannot be said."""
    from tollbridge_ascode.files import read_paths
    from tollbridge_ascode.planning import planned
    from tollbridge_ascode.reaching import reached

    try:
        documents = read_paths(file)
        with reached(where) as api:
            plan = planned(api, documents, prune=prune)
    except SetupError as exc:
        print(f"tollbridge: {exc}", file=sys.stderr)
        raise typer.Exit(_FAILED) from None
    _show(plan, as_json=where.as_json)
    if plan.steps:
        raise typer.Exit(_DIFFERS)


@placed
def export(
    where: Where,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Only this kind, such as Service; several times.")
    ] = None,
    name: Annotated[list[str] | None, typer.Option("--name", help="Only what has this name; several times.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="An empty folder, or one that is made.")] = None,
) -> None:
    """Write what is there as documents, secrets as references alone; without -o they are printed as YAML.

    What is left out is said by name, and written into notes.txt.
    """
    from tollbridge.plainfiles import write_folder
    from tollbridge.yamltext import write_yaml
    from tollbridge_ascode.exporting import exported, files_of, references_of
    from tollbridge_ascode.reaching import reached
    from tollbridge_ascode.shapes import written
    from tollbridge_ascode.specs import SHAPES

    for one in kind or ():
        if one not in SHAPES:
            raise typer.BadParameter(f"{one[:40]!r} is none of {', '.join(SHAPES)}", param_hint="--kind")
    notes: list[str] = []
    with reached(where) as api:
        documents = list(exported(api, kind or (), name or (), notes.append))
    for note in notes:
        print(f"note: {harmless(note)}", file=sys.stderr)
    if out is not None:
        files = files_of(documents, notes)
        write_folder(out, {path: text.encode("utf-8") for path, text in files.items()})
        print(f"{out}: {len(documents)} documents")
        for reference in references_of(documents):
            print(f"needs {harmless(reference)}")
    elif where.as_json:
        print_json([written(one) for one in documents])
    else:
        sys.stdout.write("".join(f"---\n{write_yaml(written(one))}" for one in documents))


@placed
def bring(
    where: Where,
    source: Annotated[Path, typer.Argument(metavar="FOLDER|ZIP", help="What `tollbridge export -o` wrote.")],
    prove: ProveOption = False,
    dry_run: DryOption = False,
    yes: YesOption = False,
) -> None:
    """Take over an export of another gateway, a folder or a ZIP archive of one: `apply` of all that is in it."""
    from tollbridge_ascode.files import read_paths
    from tollbridge_ascode.unpacking import unpacked

    with unpacked(source) as folder:
        documents = read_paths([folder])
    _apply(where, documents, prune=False, prove=prove, dry_run=dry_run, yes=yes)


def _apply(
    where: Where, documents: "Sequence[Document]", *, prune: bool, prove: bool, dry_run: bool, yes: bool
) -> None:
    from tollbridge_ascode.doing import do
    from tollbridge_ascode.planning import planned
    from tollbridge_ascode.reaching import reached

    with reached(where) as api:
        plan = planned(api, documents, prune=prune, prove=prove)
        if dry_run or not plan.steps or not where.as_json:
            _show(plan, as_json=where.as_json)
        if dry_run or not plan.steps:
            return
        if any(step.action == "end" for step in plan.steps) and not yes:
            _check_sure()
        if where.as_json:
            print_json(_shown(plan, do(plan), done=True))
        else:
            _tell(plan, do(plan, _note))


def _note(step: "Step", note: str) -> None:
    print(f"{harmless(str(step))}: {harmless(note)}")


def _tell(plan: "Planned", outcomes: "Sequence[Outcome]") -> None:
    """Say how much was done, and what waits for somebody else."""
    waiting = [(step, one.waits) for step, one in zip(plan.steps, outcomes, strict=True) if one.waits]
    for step, what in waiting:
        print(f"{harmless(str(step))}: waiting for {harmless(what)}")
    told = f", waiting: {len(waiting)}" if waiting else ""
    print(f"done: {len(outcomes) - len(waiting)}{told}, as they were: {plan.same}")


def _check_sure() -> None:
    try:
        if typer.confirm("End what is marked with -? It cannot be taken back"):
            return
    except typer.Abort:
        print(file=sys.stderr)  # the question's line has no end yet
    print("tollbridge: nothing was changed", file=sys.stderr)
    raise typer.Exit(130)


def _show(plan: "Planned", *, as_json: bool) -> None:
    if as_json:
        print_json(_shown(plan, done=not plan.steps))
        return
    for step in plan.steps:
        print(f"{_SIGNS[step.action]} {harmless(str(step))}")
        for line in step.told:
            print(f"    {harmless(line)}")
    if not plan.steps:
        print(f"nothing differs: {plan.same} as they are")


def _shown(plan: "Planned", outcomes: "Sequence[Outcome]" = (), *, done: bool) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [
        {"action": one.action, "kind": one.kind, "name": one.name, "differs": list(one.told)} for one in plan.steps
    ]
    for step, outcome in zip(steps, outcomes, strict=False):
        step |= {"waiting_for": outcome.waits or None, "notes": list(outcome.notes)}
    return {"steps": steps, "same": plan.same, "done": done and not any(one.waits for one in outcomes)}
