"""Catalogues of words, read and judged."""

import struct
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.languages import write_catalogue

from tollbridge.browsing.catalogues import entries, fits, read_folder, read_package, words
from tollbridge.errors import ConfigError


def test_words_are_those_of_the_nearest_language_and_then_of_the_first_shelf(tmp_path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write_catalogue(one, "zh_Hans", {"a": "a1", "b": "b1", "c": "c1"})
    write_catalogue(two, "zh_Hans", {"a": "a2", "d": "d2"})
    write_catalogue(two, "zh_CN", {"b": "b3"})

    said = words("zh-Hans-CN", [read_folder(one), read_folder(two)])

    assert [said.gettext(text) for text in "abcde"] == ["a1", "b3", "c1", "d2", "e"]


def test_shelf_that_was_behind_another_is_alone_again(tmp_path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write_catalogue(one, "zh_Hans", {"a": "a1"})
    write_catalogue(two, "zh_Hans", {"b": "b2"})

    both = words("zh-Hans", [read_folder(one), read_folder(two)])
    alone = words("zh-Hans", [read_folder(one)])

    assert [both.gettext("b"), alone.gettext("b"), both.gettext("b")] == ["b2", "b", "b2"]


def test_words_of_a_language_that_nobody_speaks_are_the_texts(tmp_path) -> None:
    assert words("de", [{}]).ngettext("%(num)s row", "%(num)s rows", 2) == "%(num)s rows"


def test_numbers_take_the_form_of_the_language(tmp_path) -> None:
    write_catalogue(tmp_path, "ru", {("%(num)s row", "%(num)s rows"): ("%(num)s ряд", "%(num)s ряда", "%(num)s рядов")})

    said = words("ru", [read_folder(tmp_path)])

    assert [said.ngettext("%(num)s row", "%(num)s rows", n) % {"num": n} for n in (1, 2, 5, 21)] == [
        *("1 ряд", "2 ряда", "5 рядов", "21 ряд")
    ]


def test_package_without_words_has_an_empty_shelf_and_another_those_in_its_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("mute", "speaking"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    write_catalogue(tmp_path / "speaking" / "locale", "fr", {"No": "Non"})

    assert read_package("mute") == {}
    assert words("fr", [read_package("speaking")]).gettext("No") == "Non"


def test_what_is_no_folder_of_a_language_is_passed_over(tmp_path) -> None:
    write_catalogue(tmp_path, "fr", {"No": "Non"})
    (tmp_path / "messages.pot").touch()
    (tmp_path / ".git").mkdir()

    assert list(read_folder(tmp_path)) == ["fr"]


def test_folder_that_is_not_there_is_an_error(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"^pages.catalogues: there is no folder /.*/nowhere$"):
        read_folder(tmp_path / "nowhere")


def test_file_that_is_missing_is_an_error_that_names_it(tmp_path) -> None:
    (tmp_path / "fr").mkdir()

    with pytest.raises(ConfigError, match=r"^the catalogue .*/fr/LC_MESSAGES/messages.mo cannot be used: .*No such"):
        read_folder(tmp_path)


def test_folder_of_another_name_is_an_error(tmp_path) -> None:
    (tmp_path / "fr@euro").mkdir()

    with pytest.raises(ConfigError, match=r"'fr@euro' is no name of a language, such as en, pt_BR or zh_Hans$"):
        read_folder(tmp_path)


def test_language_that_is_there_twice_is_an_error(tmp_path) -> None:
    write_catalogue(tmp_path, "zh", {"No": "不"})
    write_catalogue(tmp_path, "zh_Hans", {"No": "不"})

    with pytest.raises(ConfigError, match=r"is the second one of zh-Hans$"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Join %(team)s", "Rejoindre %(equipe)s"),
        ("Join %(team)s", "Rejoindre %(team)d"),
        ("at most %d", "au plus"),
        ("%s of %d", "%d de %s"),
        ("{name} ends", "{nom} finit"),
        ("ends", "<script>"),
        ("ends", "R&amp;D"),
        (("%(num)s row", "%(num)s rows"), ("%(num)s rang", "rangs")),
    ],
)
def test_catalogue_whose_placeholders_or_markup_differ_is_refused(tmp_path, text, said) -> None:
    write_catalogue(tmp_path, "fr", {text: said})

    with pytest.raises(ConfigError, match=r"has other placeholders or markup than the text '"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("said", "sources"),
    [
        ("%(b)s vor %(a)s", ["%(a)s before %(b)s"]),
        ("noch %(num)s", ["one more", "%(num)s more"]),
        ("100 %% sicher", ["100 %% sure"]),
        ("5 % and", ["5 % und"]),
        ("{0} {name!r:>4}", ["{name!r:>4} {0}"]),
        ("<b>ja</b> & nein", ["<b>yes</b> & no"]),
    ],
)
def test_translation_fits_in_another_order_and_to_the_plural(said, sources) -> None:
    assert fits(said, sources)


def test_file_of_the_other_byte_order_is_read_too(tmp_path) -> None:
    little = write_catalogue(tmp_path, "fr", {"No": "Non"}).read_bytes()
    count = struct.unpack_from("<I", little, 8)[0]
    numbers = 7 + 4 * count
    big = struct.pack(f">{numbers}I", *struct.unpack_from(f"<{numbers}I", little)) + little[4 * numbers :]
    (tmp_path / "fr" / "LC_MESSAGES" / "messages.mo").write_bytes(big)

    assert words("fr", [read_folder(tmp_path)]).gettext("No") == "Non"
    assert list(entries(big))[1:] == [(["No"], ["Non"])]


@given(st.binary(max_size=80), st.integers(0, 300), st.integers(0, 255))
def test_file_that_is_broken_anywhere_is_an_error_or_still_reads(tmp_path_factory, noise, place, value) -> None:
    folder = tmp_path_factory.mktemp("broken")
    file = write_catalogue(folder, "fr", {"No": "Non", ("a", "b"): ("c", "d")})
    good = file.read_bytes()

    for bad in (good[:place], good[:place] + bytes([value]) + good[place + 1 :], noise, good[:4] + noise):
        file.write_bytes(bad)
        with suppress(ConfigError):
            words("fr", [read_folder(folder)]).gettext("No")
