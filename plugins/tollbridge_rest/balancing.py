"""Which node takes a call.  Pure: what is known of the nodes goes in, the order of trying comes out."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import blake2b

from tollbridge_rest.definition import Balance, Node


class Turns:
    """Smooth weighted round robin: among nodes that stay the same, each round is exact and spread evenly.

    Each pick gives every node its weight and takes the sum of them from the one that is ahead.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._weights = [node.weight for node in nodes]
        self._ahead = [0] * len(nodes)

    def pick(self, places: Collection[int]) -> int:
        """Give the place of the node whose turn it is, of some; the first of those that are even."""
        total = 0
        for place in places:
            self._ahead[place] += self._weights[place]
            total += self._weights[place]
        best = max(sorted(places), key=self._ahead.__getitem__)
        self._ahead[best] -= total
        return best


class Balancer:
    """Picks among the nodes of an upstream."""

    def __init__(self, nodes: Sequence[Node], balance: Balance) -> None:
        self._nodes = nodes
        self._turns = Turns(nodes)
        self._salts = [node.url.encode("utf-8", "surrogatepass") for node in nodes]
        self._way = _WAYS[balance]

    def pick(self, places: Collection[int], running: Mapping[int, int], key: bytes) -> int:
        """Give the place of the node to ask, of some; `running` are the calls of each, `key` says whose call this is.

        Backups are among `places` only where nothing else is.
        """
        return self._way(self, places, running, key)

    def _in_turn(self, places: Collection[int], running: Mapping[int, int], key: bytes) -> int:
        return self._turns.pick(places)

    def _least(self, places: Collection[int], running: Mapping[int, int], key: bytes) -> int:
        loads = {place: running.get(place, 0) / self._nodes[place].weight for place in places}
        least = min(loads.values())
        return self._turns.pick([place for place in places if loads[place] == least])

    def _hashed(self, places: Collection[int], running: Mapping[int, int], key: bytes) -> int:
        return max(sorted(places), key=lambda place: score(key, self._salts[place], self._nodes[place].weight))


_WAYS: dict[Balance, Callable[[Balancer, Collection[int], Mapping[int, int], bytes], int]] = {
    Balance.WEIGHTED: Balancer._in_turn,
    Balance.LEAST: Balancer._least,
    Balance.HASH: Balancer._hashed,
}


def score(key: bytes, node: bytes, weight: int) -> float:
    """Give how much a key wants a node: the highest has it (rendezvous hashing).

    A key moves only when its own node goes, or to a node that is new. Shares follow the weights: -w / ln(u) of a number
    u that is even between 0 and 1.
    """
    digest = blake2b(key, digest_size=8, key=blake2b(node, digest_size=32).digest()).digest()
    even = (int.from_bytes(digest, "big") + 1) / (2**64 + 2)
    return -weight / math.log(even)
