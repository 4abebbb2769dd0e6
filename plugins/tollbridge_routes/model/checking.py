"""What keeps a model route from being published, and what is doubtful about it.  Pure."""

from collections.abc import Iterator

from msgspec.structs import asdict

from tollbridge.services.kinds import MODEL, Problem
from tollbridge_routes.model.definition import ModelDefinition


def problems_of(definition: ModelDefinition) -> list[Problem]:
    """List what is wrong."""
    return [*_model(definition), *_twice(definition), *_beyond(definition)]


def _model(definition: ModelDefinition) -> Iterator[Problem]:
    if not definition.model.strip():
        yield Problem("model", "name a model of the gateway, an alias or a route")
    elif definition.model.startswith(MODEL):
        yield Problem("model", "a model route cannot ask a service: they could ask each other in a circle")
    if definition.system and not definition.system.strip():
        yield Problem("system", "it says nothing; leave it out", warning=True)


def _twice(definition: ModelDefinition) -> Iterator[Problem]:
    fixed = asdict(definition.fixed)
    for name, value in asdict(definition.defaults).items():
        if value is not None and fixed[name] is not None:
            yield Problem(
                f"defaults/{name}", "it is fixed, so this never holds; leave one of the two out", warning=True
            )


def _beyond(definition: ModelDefinition) -> Iterator[Problem]:
    most = definition.most
    for where, said in (("defaults", definition.defaults), ("fixed", definition.fixed)):
        if most.output is not None and said.max_output is not None and said.max_output > most.output:
            yield Problem(f"{where}/max_output", f"an answer has at most {most.output} tokens, says most/output")
        budget = said.thinking.budget if said.thinking is not None else None
        if most.thinking is not None and budget is not None and budget > most.thinking:
            yield Problem(
                f"{where}/thinking/budget", f"a thought has at most {most.thinking} tokens, says most/thinking"
            )
    if most.thinking is not None and most.output is not None and most.thinking >= most.output:
        what = "a thought may take all tokens of an answer; some providers refuse that"
        yield Problem("most/thinking", what, warning=True)
