"""The languages of an app of pages, and which of them a request is answered in.

It is the one that a cookie names, else what the browser asks for, else the one of the configuration.
"""

from collections.abc import Mapping, Sequence
from gettext import NullTranslations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tollbridge.browsing.catalogues import Shelf, read_folder, read_package, words
from tollbridge.browsing.cookies import LANGUAGE, read_cookie, set_cookie
from tollbridge.browsing.forms import field_of, read_form
from tollbridge.browsing.paths import way_back
from tollbridge.browsing.speech import Speech
from tollbridge.browsing.tags import SOURCE, canonical, chosen, nearest
from tollbridge.config import Config
from tollbridge.errors import ConfigError

SHARED = "tollbridge.browsing"
_A_YEAR_S = 31_536_000


class Languages:
    """English, and those that the first of some packages or the operator has a catalogue of.

    A word is looked for with the operator, in the packages in their order, and in what all pages share. Raises
    `ConfigError` for a catalogue that cannot be used, and where nobody speaks the language of the configuration.
    """

    def __init__(self, *packages: str, config: Config | None = None) -> None:
        config = Config() if config is None else config
        folder = config.pages.catalogues
        own = read_folder(config.base / folder) if folder else {}
        shelves = [own, *(read_package(name) for name in dict.fromkeys((*packages, SHARED)))]
        tags = (SOURCE, *sorted({*own, *shelves[1]} - {SOURCE}))
        zone = config.pages.time_zone
        self._speeches = {tag: Speech(tag, words(tag, shelves), zone) for tag in tags}
        self._default = _default(config.pages.language, self._speeches, shelves)
        self.names: Sequence[tuple[str, str]] = [(tag, _own_name(speech)) for tag, speech in self._speeches.items()]
        """Each by its tag, with what it calls itself."""

    def of(self, request: Request) -> Speech:
        """Give what a request is answered in."""
        kept = read_cookie(request, LANGUAGE)
        if kept in self._speeches:
            return self._speeches[kept]
        wanted = ",".join(request.headers.getlist("accept-language"))
        return self._speeches[chosen(wanted, [*self._speeches], self._default)]

    async def switch(self, request: Request) -> Response:
        """Keep the language of a form in a cookie, and go back to the page it was chosen on.

        One that is not known here takes the cookie away: the browser's own counts again.
        """
        form = await read_form(request)
        tag, back = (field_of(form, name) for name in ("language", "back"))
        answer = RedirectResponse(way_back(request, back), 303)
        is_known = tag in self._speeches
        set_cookie(answer, request, LANGUAGE, tag if is_known else "", max_age=_A_YEAR_S if is_known else 0)
        return answer


def _default(name: str, speeches: Mapping[str, Speech], shelves: Sequence[Shelf]) -> str:
    """Give the language to fall back on: that of the configuration, or English in an app that does not speak it."""
    everywhere = sorted({*speeches, *(tag for shelf in shelves for tag in shelf)})
    if nearest(canonical(name), everywhere) is None:
        raise ConfigError(f"pages.language: there is no catalogue of {name!r}; known: {', '.join(everywhere)}")
    return nearest(canonical(name), [*speeches]) or SOURCE


def _own_name(speech: Speech) -> str:
    """Give what a language calls itself: what its catalogue says for "English" as the name of itself."""
    said: NullTranslations = speech.words
    name = said.pgettext("the name of this language in itself", "English")
    return speech.language if name == "English" and speech.language != SOURCE else name
