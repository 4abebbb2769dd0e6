"""What shows a provider one of its keys, and the pair of them while a key is being changed.

A key that the database keeps has at most two live versions. The one that goes first is shown with every call, the other
one where the provider refuses that, so that neither side of a change has to wait for the other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from tollbridge.errors import UpstreamError
from tollbridge.signing import Signing
from tollbridge.transport.base import UpstreamRequest

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """How one key is shown: headers of every request, and what signs each where the scheme does that."""

    headers: Headers = field(default=(), repr=False)
    signing: Signing | None = None

    async def instead(self, of: Headers, request: UpstreamRequest) -> UpstreamRequest:
        """Give a request that shows this key and no longer that one; raises `UpstreamError` where it is not signed."""
        before = {name for name, _ in (*of, *self.headers)}
        kept = [pair for pair in request.headers if pair[0] not in before]
        asked = msgspec.structs.replace(request, headers=[*kept, *self.headers])
        return asked if self.signing is None else await self.signing.signed(asked)


@dataclass(slots=True, eq=False)
class KeptKey:
    """The live versions of a provider's key, the one that is shown first, as its targets have them.

    `used` are those that were shown since somebody looked. `refused` is told a version and the status that the provider
    answered, 0 where nothing could be signed with it; `turned` that the other version does and should go first.
    """

    versions: Sequence[int]
    refused: Callable[[int, int], None] = field(repr=False)
    turned: Callable[[int], None] = field(repr=False)
    other: Shown | None = None
    used: bool = False
    other_used: bool = False


@dataclass(frozen=True, slots=True)
class EitherSigning(Signing):
    """Signs with the version that goes first, and where that gives no signature shows the other one in its place.

    Nothing of the first one goes along then: `headers` are those that it is shown in with every request. Both are live
    by the last look at the database; whether the provider knows them is for the provider to say.
    """

    kept: KeptKey = field(kw_only=True)
    headers: Headers = field(kw_only=True, repr=False)
    other: Shown = field(kw_only=True)

    async def signed(self, request: UpstreamRequest) -> UpstreamRequest:
        first, second = self.kept.versions
        try:
            return await Signing.signed(self, request)
        except UpstreamError:
            signed = await self.other.instead(self.headers, request)
            self.kept.refused(first, 0)
            self.kept.other_used = True
            self.kept.turned(second)
            return signed
