"""What is said of a thing is said once all hosts have a place, or none."""

from tollbridge_migrate.gathering import PLACE, Gathering, Host, Target
from tollbridge_migrate.reporting import Became, Report, told

ONE, OTHER = Target(Host(base="one"), "m"), Target(Host(base="other"), "m")


def settled(*targets: Target, lacks: str = "") -> Gathering:
    gathering = Gathering(Report("x"))
    gathering.claim(Became.CARRIED, "thing", "a", f"at {PLACE}", targets)
    gathering.settle(lambda host: "here" if host.base == "one" else "", lambda target: lacks)
    return gathering


def test_a_thing_whose_targets_have_a_place_is_as_it_was_claimed() -> None:
    (found,) = settled(ONE).report.findings

    assert (found.became, found.why) == (Became.CARRIED, "at here")


def test_a_thing_whose_targets_lack_something_there_is_there_in_part() -> None:
    (found,) = settled(ONE, Target(Host(base="one"), "n"), lacks="without a price").report.findings

    assert (found.became, found.why) == (Became.PARTLY, "at here; without a price")


def test_a_thing_of_which_some_targets_have_none_is_there_in_part() -> None:
    (found,) = settled(OTHER, ONE).report.findings

    assert found.became is Became.PARTLY
    assert found.why.startswith("at here; 1 of its 2 targets are left: a second section for 'other'")


def test_a_thing_of_which_no_target_has_one_is_left() -> None:
    (found,) = settled(OTHER).report.findings

    assert found.became is Became.LEFT


def test_nothing_is_said_twice() -> None:
    gathering = settled(ONE)
    gathering.settle(lambda host: "", lambda target: "")

    assert len(gathering.report.findings) == 1


def test_what_is_lost_is_named_by_its_reason_and_the_number_of_what_is_over() -> None:
    lost = {"a": "no", "b": "never", "c": "no"} | {f"n{number}": "no" for number in range(40)}

    said = told(lost)

    assert said.startswith("a, c, n0, ")
    assert "; b: never; " in said
    assert said.endswith("; and 3 more")
