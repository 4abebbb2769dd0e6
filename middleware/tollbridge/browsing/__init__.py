"""What pages for people are made of: where a browser finds them, their cookies, their look, and what guards them.

There is no page here. The dashboard, sign-in and consent each have their own, and share this.
"""

from tollbridge.browsing.assets import Assets
from tollbridge.browsing.cookies import LANGUAGE, SESSION, THEME, read_cookie, set_cookie
from tollbridge.browsing.forms import field_of, read_form, read_query
from tollbridge.browsing.languages import Languages
from tollbridge.browsing.origin import from_here
from tollbridge.browsing.paths import sign_in_path, way_back
from tollbridge.browsing.place import Place, root
from tollbridge.browsing.rendering import THEMES, Renderer, here
from tollbridge.browsing.shield import Refuse, Shield, policy
from tollbridge.browsing.speech import (
    Speech,
    gettext,
    gettext_noop,
    ngettext,
    npgettext,
    pgettext,
    speaking,
    spoken,
)
from tollbridge.browsing.zones import STEPS, Zone, spoken_zone

__all__ = [
    "LANGUAGE",
    "SESSION",
    "STEPS",
    "THEME",
    "THEMES",
    "Assets",
    "Languages",
    "Place",
    "Refuse",
    "Renderer",
    "Shield",
    "Speech",
    "Zone",
    "field_of",
    "from_here",
    "gettext",
    "gettext_noop",
    "here",
    "ngettext",
    "npgettext",
    "pgettext",
    "policy",
    "read_cookie",
    "read_form",
    "read_query",
    "root",
    "set_cookie",
    "sign_in_path",
    "speaking",
    "spoken",
    "spoken_zone",
    "way_back",
]
