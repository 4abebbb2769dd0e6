"""Teams, people, members and roles in an SQL database, in one place to ask."""

from tollbridge.stores.people import PeopleStore
from tollbridge.stores.sqlinvitations import SqlInvitations
from tollbridge.stores.sqlmembers import SqlMembers
from tollbridge.stores.sqlpersons import SqlPersons
from tollbridge.stores.sqlroles import SqlRoles
from tollbridge.stores.sqlteams import SqlTeams
from tollbridge.stores.tokenwriting import TokenTurns


class SqlPeople(SqlTeams, SqlPersons, SqlMembers, SqlRoles, SqlInvitations):
    """All of it."""

    def __init__(self, turns: TokenTurns) -> None:
        self._turns = turns


_: type[PeopleStore] = SqlPeople
