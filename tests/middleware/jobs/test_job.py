"""A job as data."""

import pytest

from tollbridge.jobs.job import Job, pause_s


async def nothing(gateway: object) -> None:
    pass


@pytest.mark.parametrize("name", ["", "Sweep", "a b", "1st", "x" * 64, "a-b"])
def test_name_that_is_no_word_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must be a word"):
        Job(name, 60.0, nothing)


@pytest.mark.parametrize("times", [{"every_s": 0}, {"every_s": -1.0}, {"every_s": 1.0, "longest_s": 0.0}])
def test_times_are_above_0(times: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        Job("sweep", run=nothing, **times)


@pytest.mark.parametrize(
    ("every_s", "pauses"),
    [
        (2.0, [10, 20, 40, 80, 160, 300, 300]),  # not longer than five minutes, though it comes every two seconds
        (900.0, [10, 20, 40, 80, 160, 320, 640, 900, 900]),
        (86_400.0, [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600]),
    ],
)
def test_pause_after_a_failure_doubles_up_to_its_cap(every_s: float, pauses: list[int]) -> None:
    assert [pause_s(every_s, failures) for failures in range(1, len(pauses) + 1)] == pauses
    assert pause_s(every_s, 100_000) == pauses[-1]
