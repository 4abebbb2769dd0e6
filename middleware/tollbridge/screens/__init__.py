"""What the pages for whoever is signed in are made of: the frame around them, their tables, forms and charts.

There is no page here. The dashboard, the portal and plugins of others register screens (`register_screens`), and the
plugin `pages` serves them all below the prefix.
"""

from tollbridge.pagemodel import ANYBODY, Column, Hit, MenuEntry, Need, Page, Row, Screen
from tollbridge.people.model import BRIDGE
from tollbridge.screens import cells
from tollbridge.screens.app import make_app
from tollbridge.screens.asking import Asking, Refused, Reply
from tollbridge.screens.calling import Asked, Calling, Heard, hear
from tollbridge.screens.cells import Action, Cell, Pick
from tollbridge.screens.forms import Field, Form, sentence
from tollbridge.screens.listing import Listing
from tollbridge.screens.pages import Pages
from tollbridge.screens.sending import Sending, new_key
from tollbridge.screens.tables import Table, stream
from tollbridge.screens.viewing import Viewer, viewer

__all__ = [
    "ANYBODY",
    "BRIDGE",
    "Action",
    "Asked",
    "Asking",
    "Calling",
    "Cell",
    "Column",
    "Field",
    "Form",
    "Heard",
    "Hit",
    "Listing",
    "MenuEntry",
    "Need",
    "Page",
    "Pages",
    "Pick",
    "Refused",
    "Reply",
    "Row",
    "Screen",
    "Sending",
    "Table",
    "Viewer",
    "cells",
    "hear",
    "make_app",
    "new_key",
    "sentence",
    "stream",
    "viewer",
]
