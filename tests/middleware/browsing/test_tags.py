"""Names of languages, and what Accept-Language asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.browsing.tags import canonical, chosen, direction, nearest, shorter

OFFERED = ["en", "pt-BR", "zh-Hans"]
SUBTAGS = st.text("abzHSTW19", min_size=1, max_size=9)
RANGES = st.one_of(
    st.sampled_from(["*", "zh", "zh-CN", "zh-TW", "pt", "en-GB", "EN", "de-DE-1996", "", "-", "zh_CN"]),
    st.lists(SUBTAGS, min_size=1, max_size=4).map("-".join),
)
WEIGHTS = st.sampled_from(["", ";q=1", ";q=0.5", "; Q=0.001", ";q=0", ";q=2", ";q=", ";x=1", ";q=0.1234"])
HEADERS = st.lists(st.builds(lambda *parts: "".join(parts), RANGES, WEIGHTS), max_size=6).map(", ".join)


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("en", "en"),
        ("EN_gb", "en-GB"),
        ("pt-BR", "pt-BR"),
        ("sr_latn_rs", "sr-Latn-RS"),
        ("de-1996", "de-1996"),
        ("zh", "zh-Hans"),
        ("zh_CN", "zh-Hans-CN"),
        ("zh-SG", "zh-Hans-SG"),
        ("zh_TW", "zh-Hant-TW"),
        ("zh-hk", "zh-Hant-HK"),
        ("zh-MO", "zh-Hant-MO"),
        ("zh_hans", "zh-Hans"),
        ("zh-Hant-CN", "zh-Hant-CN"),
    ],
)
def test_name_is_written_as_a_tag_and_chinese_with_its_script(name, tag) -> None:
    assert canonical(name) == tag
    assert canonical(tag) == tag


@pytest.mark.parametrize("name", ["", "e", "english", "en.UTF-8", "sr@latin", "../en", "en-", "en-x", "中文"])
def test_what_is_no_name_is_refused(name) -> None:
    with pytest.raises(ValueError, match="is no name of a language"):
        canonical(name)


def test_shorter_tags_leave_no_single_letter_at_the_end() -> None:
    assert list(shorter("zh-Hans-SG")) == ["zh-Hans-SG", "zh-Hans", "zh"]
    assert list(shorter("en-a-bbb-x-ccc")) == ["en-a-bbb-x-ccc", "en-a-bbb", "en"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("en-GB", "en"),
        ("pt", "pt-BR"),
        ("pt-PT", None),
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zh-TW", None),
        ("de", None),
        ("p", None),
    ],
)
def test_nearest_is_what_is_wanted_or_what_it_is_a_kind_of_or_is_of_its_kind(wanted, found) -> None:
    assert nearest(wanted, OFFERED) == found


def test_traditional_script_is_taken_for_chinese_where_there_is_no_other() -> None:
    assert nearest("zh", ["en", "zh-Hant"]) == "zh-Hant"


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-Hans", "zh-Hans"),
        ("zh-TW,en;q=0.8", "en"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hans"),  # as a browser in Taiwan asks
        ("en;q=0.3, pt;q=0.7", "pt-BR"),
        ("de, fr;q=0.5", "en"),
        ("de, pt;q=0.5, *;q=0.1", "pt-BR"),
        ("pt;q=0.5, zh;q=0.5", "pt-BR"),
        ("PT-br", "pt-BR"),
        ("*", "en"),
        ("en;q=0, *", "pt-BR"),
        ("*;q=0, zh", "zh-Hans"),
        ("*;q=0", "en"),
        ("zh;q=0, zh-CN", "en"),
        ("zh;q=1.5", "en"),
        ("zh;level=1", "en"),
        ("zh_CN", "en"),
        (f"{'a-' * 30_000}zh", "en"),
    ],
)
def test_language_is_the_most_wanted_that_is_there(header, tag) -> None:
    assert chosen(header, OFFERED, "en") == tag


def test_default_counts_where_nothing_fits_and_where_all_are_welcome() -> None:
    assert [chosen(header, OFFERED, "zh-Hans") for header in ("", "de", "*", "en")] == [*["zh-Hans"] * 3, "en"]


@given(HEADERS | st.text(max_size=60), st.sampled_from(OFFERED))
def test_any_header_chooses_what_is_offered(header, default) -> None:
    assert chosen(header, OFFERED, default) in OFFERED


@given(st.permutations(OFFERED), st.sampled_from(OFFERED))
def test_language_that_is_asked_for_by_its_tag_alone_is_given(offered, wanted) -> None:
    others = [tag for tag in offered if tag != wanted]

    assert chosen(f"xx, {wanted};q=0.001", offered, others[0]) == wanted
    assert chosen(f"{wanted};q=0", offered, others[0]) == others[0]


def test_direction_is_that_of_the_script() -> None:
    left = [tag for tag in ("ar", "he-IL", "az-Arab", "ar-Latn", "fa", "en", "zh-Hans") if direction(tag) == "rtl"]

    assert left == ["ar", "he-IL", "az-Arab", "fa"]
