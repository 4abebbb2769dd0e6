"""Which call a result belongs to."""

from tollbridge_gemini.call_ids import CallIds


def test_result_without_an_id_belongs_to_the_first_call_of_its_name_that_waits() -> None:
    ids = CallIds("c")
    first, other, second = ids.call(None, "f"), ids.call("theirs", "g"), ids.call(None, "f")

    assert len({first, other, second}) == 3
    assert [ids.result(None, "f"), ids.result(None, "g"), ids.result(None, "f")] == [first, other, second]


def test_result_with_an_id_takes_its_call_out_of_those_that_wait() -> None:
    ids = CallIds("c")
    for id_ in ("a", "b", "a"):
        ids.call(id_, "f")

    assert [ids.result("a", "f"), ids.result("unknown", "f"), ids.result("a", "g")] == ["a", "unknown", "a"]
    assert [ids.result(None, "f"), ids.result(None, "f")] == ["a", "b"]


def test_id_that_comes_again_in_a_later_turn_is_waited_for_again() -> None:
    ids = CallIds("c")

    assert [ids.call("0", "f"), ids.result("0", "f"), ids.call("0", "f"), ids.result(None, "f")] == ["0"] * 4


def test_results_that_nothing_called_have_ids_of_their_own() -> None:
    ids = CallIds("c")

    assert len({ids.result(None, "f"), ids.result(None, ""), ids.result(None, ""), ids.call(None, "")}) == 4
