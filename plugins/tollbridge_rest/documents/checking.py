"""What of a document would not work as it is meant to, seen before it is published."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from tollbridge.services.kinds import Problem
from tollbridge_rest.documents.bounds import BadDocument, shown
from tollbridge_rest.documents.compiling import is_linear, patterns_of
from tollbridge_rest.documents.model import Document, Operation
from tollbridge_rest.documents.pointers import objects_of
from tollbridge_rest.documents.schemas import Side
from tollbridge_rest.documents.templates import Template
from tollbridge_rest.documents.validators import Validators

MAX_PROBLEMS = 100


def problems_of(document: Document) -> Sequence[Problem]:
    """List at most 100 problems: schemas that cannot be used, patterns that are not checked, names that are not there.

    Every schema is compiled once, which takes a while for a large document: call it in a thread.
    """
    validators, found = Validators(document), dict[str, Problem]()
    told = (problem for operation in document.operations for problem in _problems(operation, validators))
    for problem in chain(_patterns(document), told):
        found.setdefault(problem.message, problem)
        if len(found) == MAX_PROBLEMS:
            break
    return list(found.values())


def _patterns(document: Document) -> Iterator[Problem]:
    for pattern in dict.fromkeys(patterns_of(objects_of(document.raw))):
        if not is_linear(pattern):
            what = f"the pattern {shown(pattern)} cannot be run in linear time and is not checked; write it without"
            yield Problem("document", f"{what} look-around and references back", warning=True)


def _problems(operation: Operation, validators: Validators) -> Iterator[Problem]:
    where = f"document/{operation.name}"
    described = {each.name for each in operation.parameters if each.place == "path"}
    for name in Template(operation.path).names:
        if name not in described:
            what = f"{operation.method} {shown(operation.path)} does not describe {{{name[:50]}}}"
            yield Problem(where, what, warning=True)
    for place, schema, side in _schemas(operation):
        try:
            validators.of(schema, side)
        except BadDocument as exc:
            yield Problem(f"{where}/{place}", exc.message)


def _schemas(operation: Operation) -> Iterator[tuple[str, Any, Side]]:
    for slot in operation.parameters:
        yield slot.where, slot.schema if slot.media is None else slot.media.schema, Side.REQUEST
    for media in operation.body.content if operation.body is not None else ():
        yield f"body/{media.type}", media.schema, Side.REQUEST
    for answer in operation.answers:
        for media in answer.content:
            yield f"answers/{answer.status}/{media.type}", media.schema, Side.RESPONSE
        for slot in answer.headers:
            yield f"answers/{answer.status}/{slot.where}", slot.schema, Side.RESPONSE
