"""What is spoken while a request is answered."""

import anyio
from tests.support.languages import write_catalogue

from tollbridge.browsing.catalogues import words
from tollbridge.browsing.speech import Speech, gettext, gettext_noop, ngettext, npgettext, pgettext, speaking, spoken


def test_outside_a_request_each_text_is_given_as_it_is() -> None:
    assert spoken() == "en"
    assert (gettext("No"), gettext(""), gettext_noop("No"), pgettext("x", "Set")) == ("No", "", "No", "Set")
    assert [ngettext("%d row", "%d rows", n) for n in (1, 2)] == ["%d row", "%d rows"]
    assert [npgettext("x", "%d set", "%d sets", n) for n in (1, 2)] == ["%d set", "%d sets"]


def test_within_texts_are_said_in_the_language_and_afterwards_no_more(tmp_path) -> None:
    write_catalogue(tmp_path, "fr", {"No": "Non", ("%d row", "%d rows"): ("%d rang", "%d rangs", "%d rangs")})
    more = tmp_path / "more"
    write_catalogue(more, "fr", {"Set": "Régler", ("%d set", "%d sets"): ("%d jeu", "%d jeux", "%d jeux")}, context="x")
    shelves = [{"fr": (folder / "fr/LC_MESSAGES/messages.mo").read_bytes()} for folder in (tmp_path, more)]

    with speaking(Speech("fr", words("fr", shelves))):
        said = (spoken(), gettext("No"), gettext(""), gettext("Yes"), pgettext("x", "Set"), gettext("Set"))
        rows = [ngettext("%d row", "%d rows", n) for n in (0, 1, 2)]
        sets = [npgettext("x", "%d set", "%d sets", n) for n in (1, 2)]

    assert said == ("fr", "Non", "", "Yes", "Régler", "Set")
    assert (rows, sets) == (["%d rang", "%d rang", "%d rangs"], ["%d jeu", "%d jeux"])
    assert (spoken(), gettext("No")) == ("en", "No")


async def test_two_at_once_each_speak_their_own() -> None:
    heard, both_began = [], anyio.Event()

    async def say(language: str, *, is_second: bool) -> None:
        with speaking(Speech(language)):
            if is_second:
                both_began.set()
            await both_began.wait()
            heard.append((language, spoken()))

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: say("fr", is_second=False))
        group.start_soon(lambda: say("zh-Hans", is_second=True))

    assert sorted(heard) == [("fr", "fr"), ("zh-Hans", "zh-Hans")]
    assert spoken() == "en"
