"""How long calls took, in any steps and by any key: histograms that are kept of them, and rows at their edges."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.stores.counting import ASKED, TIMED, WENT
from tollbridge.stores.histograms import histogram, percentiles, unpack
from tollbridge.stores.rollups import CUT_ALL, CUT_MODEL, CUT_TEAM, LATENCY, LATENCY_SPANS
from tollbridge.stores.sumqueries import NOT_TAKEN_OVER, READ, Step, Which, cut, with_pieces

Times = tuple[int, int]
"""Histograms: of how long calls lasted, and of when their answers began."""
NO_TIMES: Times = (0, 0)
_MODEL = frozenset(("service", "provider", "model"))


def cut_of(needed: Collection[str]) -> int | None:
    """Give the cut of the histograms that tells calls apart by all that is needed, None where none does."""
    if not needed:
        return CUT_ALL
    if _MODEL.issuperset(needed):
        return CUT_MODEL
    return CUT_TEAM if set(needed) == {"team"} else None


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Of which calls, in which steps, by which key, from which cut or, where that is None, from the rows alone.

    `nested`: of those too that were made for others, where they came to a provider.
    """

    which: Which
    steps: Sequence[Step]
    cut: int | None
    key: str = "''"
    read_key: str = ""
    nested: bool = False

    async def ask(self, connection: AsyncConnection) -> Mapping[tuple[int, str], Times]:
        """Ask for it: histograms by step and key."""
        found: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
        times: dict[tuple[int, str, int], tuple[Counter[int], Counter[int]]] = {}
        kept, read = cut(self.steps, () if self.cut is None else LATENCY_SPANS)
        rows = await self.which.ask(connection, self._sql(kept, read)) if kept or read else ()
        for step, its, sign, lasted, began, *both in rows:
            if lasted is not None:
                sums = found[step, its]
                sums[0] += sign * unpack(lasted)
                sums[1] += sign * unpack(began)
                continue
            counts = times.setdefault((step, its, sign), (Counter(), Counter()))
            for counted, ms in zip(counts, both, strict=True):
                if ms is not None:
                    counted[max(ms, 0)] += 1
        for (step, its, sign), counts in times.items():
            for kind, counted in enumerate(counts):
                found[step, its][kind] += sign * histogram(counted)
        return {key: (lasted, began) for key, (lasted, began) in found.items()}

    def _sql(self, kept: str, read: str) -> str:
        """Write the question: histograms, and of calls that are in none how long each took."""
        parts = [*([self._of_kept()] if kept else []), *self._of_rows(kept, read)]
        return f"{with_pieces(kept, read)} {' UNION ALL '.join(parts)}"

    def _of_kept(self) -> str:
        asked = " AND (nested = 0 OR provider <> '')" if self.nested else " AND nested = 0"
        if self.cut != CUT_TEAM:  # that is asked for by teams alone
            asked += " AND team = ''"
        return (
            f"SELECT step, {self.key} AS its, sign, lasted, began, NULL AS lasted_ms, NULL AS began_ms"
            f" FROM kept_piece CROSS JOIN {LATENCY} WHERE cut = {self.cut}"
            f" AND {LATENCY}.span = kept_piece.span AND start >= since AND start < until{asked}{self.which.of_kept()}"
        )

    def _of_rows(self, kept: str, read: str) -> Sequence[str]:
        counted = WENT if self.nested else ASKED
        return [
            f"SELECT step, {self.read_key or self.key}, sign, NULL, NULL, duration_ms, first_byte_ms {those}"
            f" AND {counted} AND {TIMED}{self.which.of_rows()}"
            for those, there in ((NOT_TAKEN_OVER, kept), (READ, read))
            if there
        ]


def lasted(times: Times | None) -> tuple[int | None, int | None]:
    """Give the p50 and p95 of how long calls lasted, in milliseconds."""
    p50, p95 = (None, None) if times is None else percentiles(times[0], (50, 95))
    return p50, p95


def latencies(times: Times | None) -> tuple[int | None, int | None, int | None]:
    """Give the p50 and p95 of how long calls lasted, and the p50 of when their answers began, in milliseconds."""
    if times is None:
        return None, None, None
    p50, p95 = lasted(times)
    (first,) = percentiles(times[1], (50,))
    return p50, p95, first
