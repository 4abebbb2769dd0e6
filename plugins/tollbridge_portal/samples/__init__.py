"""Ready code for a call, in the languages that callers have: whole programs, each tried against a gateway by tests.

`samples` writes them. A call is made by `chat`, `responses`, `messages`, `embeddings`, `prompt` or `rest`. No sample
holds a token: it names the environment variable that does.
"""

from tollbridge_portal.samples import javascript, python
from tollbridge_portal.samples.called import (
    JSON,
    Called,
    Kind,
    Unwritable,
    chat,
    embeddings,
    messages,
    prompt,
    responses,
    rest,
)
from tollbridge_portal.samples.csharp import csharp
from tollbridge_portal.samples.curl import curl
from tollbridge_portal.samples.go import go
from tollbridge_portal.samples.java import java
from tollbridge_portal.samples.request import request_of
from tollbridge_portal.samples.sample import Sample

__all__ = [
    "JSON",
    "Called",
    "Kind",
    "Sample",
    "Unwritable",
    "chat",
    "embeddings",
    "messages",
    "prompt",
    "responses",
    "rest",
    "samples",
]

WITH_SDK = (python.openai, python.anthropic, javascript.openai, javascript.anthropic)
PLAIN = (python.httpx2, javascript.fetch, go, java, csharp)


def samples(called: Called, base_url: str, token_variable: str) -> tuple[Sample, ...]:
    """Write a call in every language it fits: curl first, then the SDKs, then plain HTTP.

    `base_url` is the gateway's address, with a path where it has one and without `/v1`. Raises `Unwritable` where it,
    or the name of the variable, is none.
    """
    request = request_of(called, base_url, token_variable)
    found = [write(called, base_url, token_variable) for write in WITH_SDK]
    return (curl(request), *(sample for sample in found if sample), *(write(request) for write in PLAIN))
