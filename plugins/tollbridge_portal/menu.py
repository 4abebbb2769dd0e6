"""The screens of the portal, and their places in the menu."""

from tollbridge import MenuEntry, Screen

PACKAGE = "tollbridge_portal"

SCREENS = (
    Screen(
        name="portal",
        package=PACKAGE,
        make="tollbridge_portal.catalogue:make",
        search="tollbridge_portal.catalogue:search",
        menu=(
            MenuEntry(title="Portal", path="/portal", icon="portal", group="Access", order=300, key="p", member=True),
        ),
    ),
    Screen(name="portal-service", package=PACKAGE, make="tollbridge_portal.service:make"),
    Screen(name="portal-reference", package=PACKAGE, make="tollbridge_portal.reference:make"),
    Screen(
        name="portal-setup",
        package=PACKAGE,
        make="tollbridge_portal.tools:make",
        menu=(
            MenuEntry(title="Set up a tool", path="/portal/setup", icon="link", group="Access", order=310, member=True),
        ),
    ),
)
