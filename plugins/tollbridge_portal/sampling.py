"""Code that calls an operation of a service, at the address that the browser has of the gateway."""

from collections.abc import Mapping, Sequence
from typing import Any

from tollbridge_portal.operations import Operation
from tollbridge_portal.samples import Called, Sample, Unwritable, prompt, rest, samples

TOKEN = "TOLLBRIDGE_TOKEN"
"""The environment variable that samples read the token from."""


def samples_of(address: str, service: Mapping[str, Any], operation: Operation) -> Sequence[Sample]:
    """Write them for a gateway at an address; none where a name or a value of the service cannot be written safely."""
    try:
        return samples(_called(service, operation), address, TOKEN)
    except Unwritable:
        return ()


def _called(service: Mapping[str, Any], operation: Operation) -> Called:
    if service["kind"] == "prompt" and operation.method == "POST" and isinstance(operation.body, dict):
        said = _only_text(operation) if service["model"] else ""
        model = service["model"] if said else ""
        return prompt(operation.path, operation.body, model=model, said=said)
    shown = {field.name: field.text for field in operation.fields}
    return rest(
        operation.method,
        operation.path,
        parameters={field.name: shown[field.name] or field.name for field in operation.of("path")},
        query=[(field.name, shown[field.name]) for field in operation.of("query") if field.required],
        headers={field.name: shown[field.name] for field in operation.of("header") if field.required},
        body=operation.body if operation.method not in ("GET", "HEAD") else None,
        media_type=operation.media_type or "application/json",
    )


def _only_text(operation: Operation) -> str:
    """Give what is said to a prompt API that is called as a model: the example of its one text."""
    texts = [field for field in operation.of("body") if field.required]
    return texts[0].text if len(texts) == 1 and texts[0].type == "string" else ""
