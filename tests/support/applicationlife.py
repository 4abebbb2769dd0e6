"""Applications among teams, people and tokens that change at random, beside the same plain model."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from tests.support.teamlife import TEAMS, Node, TeamLife, a_team, shown_by, some_scopes, some_team, which

from tollbridge.applications.model import Application, ApplicationChange, application_of
from tollbridge.applications.service import Applications
from tollbridge.tokens.model import Principal

_WIDE = ("ai:*", "model:*", "admin:members:write")


class ApplicationLife(TeamLife):
    """What happens to them beside all that happens to teams."""

    def __init__(self) -> None:
        super().__init__()
        self.applications = Applications(self.store, self.service, self.clock)
        self.apps: list[Node] = []

    @initialize(weak=some_scopes)
    def begin(self, weak: tuple[str, ...]) -> None:
        super().begin(weak)
        self.add_team(TEAMS[1], ("ai:*", "admin:*"))
        for team in (*TEAMS, ""):
            app = self.begun(self.run(self.applications.add(f"of {team}", team=team, scopes=_WIDE)))
            self.place(app, _WIDE, None)

    def app(self, number: int) -> Node | None:
        return self.apps[number % len(self.apps)] if self.apps else None

    def below(self, app: Node) -> list[Node]:
        return [token for token in self.tokens if app in token.line()]

    @rule(team=some_team, scopes=some_scopes)
    def add_application(self, team: str, scopes: tuple[str, ...]) -> None:
        with self.may_be_refused():
            self.begun(self.run(self.applications.add(f"a{len(self.apps)}", team=team, scopes=scopes)))

    @rule(team=a_team, scopes=some_scopes, by=which)
    def add_application_with_what_somebody_may(self, team: str, scopes: tuple[str, ...], by: int) -> None:
        giver = self.givers()[by % len(self.givers())] if self.givers() else None
        principal = None if giver is None else self.seen(giver)
        if giver is None or principal is None:
            return
        before = giver.may()
        with self.may_be_refused():
            more = {"team": giver.team or team, "scopes": scopes, "giver": principal}
            node = self.begun(self.run(self.applications.add(f"a{len(self.apps)}", **more)))
            assert node.may() <= before

    def begun(self, made: Application) -> Node:
        above = [self.teams[made.team]] if made.team else []
        self.apps.append(Node(made.scopes, made.team, above, id=made.id))
        return self.apps[-1]

    @rule(number=which, scopes=st.one_of(st.just(()), some_scopes))
    def change_application(self, number: int, scopes: tuple[str, ...]) -> None:
        node = self.app(number)
        if node is not None:
            with self.may_be_refused():
                self.run(self.applications.change(node.id, ApplicationChange(scopes=scopes)))
                node.scopes = scopes

    @rule(number=which, on=st.booleans())
    def switch_application(self, number: int, on: bool) -> None:
        node = self.app(number)
        if node is not None:
            with self.may_be_refused():
                self.run((self.applications.enable if on else self.applications.disable)(node.id))
                node.off = not on

    @rule(number=which, really=which)
    def end_application(self, number: int, really: int) -> None:
        node = self.app(number)
        if node is not None and really == 0:
            self.run(self.applications.end(node.id))
            node.ended = True

    @rule(number=which, team=some_team)
    def transfer_applications(self, number: int, team: str) -> None:
        for node in self.apps[: number + 1]:
            with self.may_be_refused():
                self.run(self.applications.transfer(node.id, team))
                if team != node.team:
                    node.off = node.off or any(one.off for one in node.above)
                    for token in self.below(node):
                        token.team = team
                    node.team, node.above = team, [self.teams[team]] if team else []

    @rule(number=which, scopes=some_scopes)
    def issue_in_place(self, number: int, scopes: tuple[str, ...]) -> None:
        node = self.app(number)
        if node is not None:
            with self.may_be_refused():
                self.place(node, scopes, None)

    @rule(scopes=some_scopes, seen_before=st.booleans(), by=which)
    def issue_in_place_with_what_somebody_may(self, scopes: tuple[str, ...], seen_before: bool, by: int) -> None:
        giver = self.givers()[by % len(self.givers())] if self.givers() else None
        for node in self.apps if giver is not None and giver.is_open() else ():
            assert giver is not None
            before, principal = giver.may(), giver.shown if seen_before and giver.shown else self.seen(giver)
            with self.may_be_refused():
                assert self.place(node, scopes, principal).may() <= before

    def place(self, node: Node, scopes: tuple[str, ...], giver: Principal | None) -> Node:
        issued = self.run(self.applications.issue(node.id, name="t", scopes=scopes, giver=giver))
        if issued is None:
            assert giver is not None
            assert giver.team not in ("", node.team)
            return Node((), "", [])
        assert issued.token.team == node.team
        token = Node(scopes, node.team, [node], secret=issued.secret.encode(), id=issued.token.id)
        token.shown = self.seen(token)
        self.tokens.append(token)
        return token

    @invariant()
    def each_application_may_do_what_its_team_may_too(self) -> None:
        for node in self.apps:
            principal = self.seen(node)
            assert (principal is not None) == node.is_open()
            assert shown_by(principal) == node.may()
            for token in self.below(node):
                shown = self.seen(token)
                assert shown is None or (shown.team, application_of(shown)) == (node.team, node.id)
