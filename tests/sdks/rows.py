"""The rows of the matrix, a table for each kind of call; a new pair of dialects, provider or SDK is a row there."""

from tests.sdks.chat_hosts import CHAT_HOSTS
from tests.sdks.conversations import CONVERSATIONS
from tests.sdks.counting import COUNTING
from tests.sdks.embeddings import EMBEDDINGS
from tests.sdks.listing import LISTING
from tests.sdks.other_hosts import OTHER_HOSTS
from tests.sdks.reranking import RERANKING

KINDS = (CONVERSATIONS, CHAT_HOSTS, OTHER_HOSTS, EMBEDDINGS, RERANKING, COUNTING, LISTING)
ASKING = tuple(kind for kind in KINDS if not kind.alone)
"""Those in which a provider is asked."""

FAMILY = {family.name: family for kind in KINDS for family in kind.families}
CLIENT = {client.name: client for kind in KINDS for client in kind.clients}
