"""Lists of models, which the gateway gives itself, to each SDK where and as it looks for them."""

from tests.sdks.counting import COUNTING
from tests.sdks.embeddings import EMBEDDINGS
from tests.sdks.refusals import openai_refusal
from tests.sdks.table import Family, Kind

_GATEWAY = Family("gateway", "the gateway", "", "", "", openai_refusal, {})
_CLIENTS = {
    client.name: client for client in (*EMBEDDINGS.clients, *COUNTING.clients) if client.runner[0] != "py/plain_http.py"
}

LISTING = Kind(
    "Models",
    """\
Calls: the list of models, one of them, and one that is not offered, for which the SDK raises what it raises for its own
provider. SDKs of several vendors ask at the same path; they are told apart by their headers.""",
    ("list_models", "get_model", "get_no_model"),
    (_GATEWAY,),
    tuple(_CLIENTS.values()),
    alone=True,
)
