"""`tollbridge policies`: the rules that hold where nothing closer says otherwise."""

from collections.abc import Mapping, Sequence

from tollbridge.cli.output import print_fields, print_json
from tollbridge_admin.commands.reaching import Reaching, Where, placed
from tollbridge_admin.commands.words import money_said


@placed
def policies(where: Where) -> None:
    """Show the rules that hold where nothing closer says otherwise, and the policies that calls pass."""
    with Reaching.of(where) as api:
        found = api.ask("GET", "/policies")
    if where.as_json:
        print_json(found)
        return
    rotation, limits, budgets = found["rotation"], found["limits"], found["budgets"]
    bounds = {
        "secrets open, days": rotation["days"] or "for ever",
        "in your team, days": rotation["team_days"],
        "warned before, days": rotation["warn_days"],
        **{f"{word.replace('_', ' ')} of a token": value or "no limit" for word, value in limits.items()},
        "budget of the bridge": _budgets(budgets["bridge"]),
        "budget of a token": _budgets(budgets["token"]),
        "calls without a price": budgets["unpriced"],
        "output is capped": "yes" if budgets["cap_output"] else "no",
    }
    print_fields({**bounds, **{f"policy {one['name']}": _options(one["options"]) for one in found["policies"]}})


def _budgets(budgets: Sequence[Mapping[str, str]]) -> str:
    return ", ".join(map(money_said, budgets))


def _options(options: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in options.items())
