"""`--budget`: what a run may cost, which takes prices to know."""

import click

from orchestrator.cli.options import Decorated
from orchestrator.errors import UsageError
from orchestrator.model.address import Address, Kind
from orchestrator.model.project import LocatedScenario, Project


def budget(command: Decorated) -> Decorated:
    """Take what a run may cost."""
    return click.option(
        "--budget",
        "budget_usd",
        type=click.FloatRange(0, min_open=True),
        metavar="USD",
        help="Start no more attempts once this much is spent (assistants and judges, by `prices` in orch.yaml).",
    )(command)


def check_prices(project: Project, chosen: list[LocatedScenario], budget_usd: float | None) -> None:
    """Raise `UsageError` where there is a budget and models have no price, naming all of them."""
    unpriced = {located.scenario.assistant for located in chosen if located.price is None}
    unpriced |= {name for located in chosen for name in located.judges if name not in located.judge_prices}
    if budget_usd is None or not unpriced:
        return
    fields = [project.resources[Address(Kind.ASSISTANT, name)].fields for name in sorted(unpriced)]
    models = sorted({str(each["model"]) for each in fields})
    raise UsageError(
        f"a budget needs the prices of all models, and there is none for: {', '.join(models)}",
        f"write in orch.yaml: prices: {{{models[0]}: {{input: USD, output: USD}}}}, for a million tokens",
    )
