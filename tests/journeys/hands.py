"""Somebody at a page, with a pointer or with the keyboard alone."""

from datetime import datetime
from typing import Any

WAYS = ("pointer", "keyboard")
_FARTHEST = 250
_HERE = "(element) => document.activeElement === element"


class Hands:
    """What somebody does on a page; by the `keyboard`, each control has to be reached by Tab."""

    def __init__(self, page: Any, way: str) -> None:
        self.page = page
        self._keys = way == "keyboard"

    def press(self, name: str, role: str = "button", within: Any = None) -> None:
        """Press a button or follow a link, by the name that is read aloud."""
        found = (within or self.page).get_by_role(role, name=name, exact=True).first
        if self._keys:
            self._go(found)
            self.page.keyboard.press("Enter")
        else:
            found.click()

    def follow(self, name: str, within: Any = None) -> None:
        """Follow a link."""
        self.press(name, "link", within)

    def fill(self, label: str, text: str) -> None:
        """Write into a field in place of what is there."""
        found = self.page.get_by_label(label, exact=True).first
        if self._keys:
            self._go(found)
            self.page.keyboard.press("Control+A")
            self.page.keyboard.press("Delete")
            self.page.keyboard.type(text)
        else:
            found.fill(text)

    def choose(self, label: str, text: str) -> None:
        """Choose what is shown as `text`."""
        found = self.page.get_by_label(label, exact=True).first
        if self._keys:
            self._go(found)
            self.page.keyboard.type(text)
        else:
            found.select_option(label=text)
        assert found.evaluate("(one) => one.selectedOptions[0].label") == text

    def set_moment(self, label: str, moment: datetime) -> None:
        """Write a day and a time; by the keyboard part by part, as English of the United States orders them."""
        found = self.page.get_by_label(label, exact=True).first
        if self._keys:
            self._go(found)
            self.page.keyboard.type(f"{moment:%m%d%Y}")
            self.page.keyboard.press("Tab")
            self.page.keyboard.type(f"{moment:%I%M%p}")
        else:
            found.fill(f"{moment:%Y-%m-%dT%H:%M}")
        assert found.input_value() == f"{moment:%Y-%m-%dT%H:%M}"

    def tick(self, label: str) -> None:
        """Change a box that is ticked or not."""
        found = self.page.get_by_role("checkbox", name=label, exact=True)
        if self._keys:
            self._go(found)
            self.page.keyboard.press("Space")
        else:
            found.click()

    def sees(self, text: str) -> None:
        """Wait for what the page says."""
        self.page.get_by_text(text).first.wait_for()

    def arrives(self, heading: str) -> None:
        """Wait for a page, by its heading."""
        self.page.get_by_role("heading", name=heading, exact=True).first.wait_for()

    def _go(self, found: Any) -> None:
        found.wait_for()
        element = found.element_handle()
        for _ in range(_FARTHEST):
            if self.page.evaluate(_HERE, element):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no Tab leads to {found}")
