"""Buckets that never overlap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.metering.usage import Usage, UsageSource

BUCKETS = list(Usage.__struct_fields__)


@given(st.lists(st.integers(0, 10**9), min_size=len(BUCKETS), max_size=len(BUCKETS)))
def test_total_is_every_bucket_once_and_neither_reasoning_nor_calls(counts: list[int]) -> None:
    usage = Usage(**dict(zip(BUCKETS, counts, strict=True)))

    assert usage.total == sum(counts) - usage.reasoning - usage.server_tool_calls
    assert usage.total == usage.input_total + usage.output_total
    assert usage.output_total == usage.output + usage.audio_output


@pytest.mark.parametrize("bucket", BUCKETS)
def test_negative_count_is_refused_by_name(bucket: str) -> None:
    with pytest.raises(ValueError, match=rf"^usage\.{bucket} is negative$"):
        Usage(**{bucket: -1})


def test_nothing_used_is_nothing() -> None:
    assert Usage().total == 0


def test_sources_are_written_as_words() -> None:
    assert [str(source) for source in UsageSource] == ["provider", "estimated", "reserved", "none"]
