"""A run with several models: what each came to, and how each further one compares with the first."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from orchestrator.reporting.characters import visible
from orchestrator.reporting.compare_json import compare_json
from orchestrator.reporting.compare_text import compare_text
from orchestrator.reporting.money import usd
from orchestrator.reporting.table import table
from orchestrator.scenario.by_model import reports_by_model, sums
from orchestrator.scenario.comparison import Comparison, compare
from orchestrator.scenario.results import Run


def get_comparisons(run: Run, project: str) -> Mapping[tuple[str, str], Comparison]:
    """Compare the first model with each further one, over the scenarios that both finished."""
    reports = reports_by_model(run, project)
    models = list(reports)
    pairs = [(models[0], model) for model in models[1:]]
    return {
        (a, b): compare(reports[a], reports[b])
        for a, b in pairs
        if reports[a].scenarios.keys() & reports[b].scenarios.keys()
    }


def models_text(run: Run, comparisons: Mapping[tuple[str, str], Comparison]) -> Text:
    """Give a line a model, then each comparison."""
    rows = [
        [visible(model), f"{passed}/{count}", str(tokens), "" if cost is None else usd(cost)]
        for model, passed, count, tokens, cost in sums(run)
    ]
    parts = [Text("\n").join(table(["model", "passed", "tokens", "cost"], rows))]
    for (a, b), comparison in comparisons.items():
        parts.append(Text("\n").join([Text(f"{visible(a)} -> {visible(b)}", "bold"), compare_text(comparison)]))
    return Text("\n\n").join(parts)


def models_json(run: Run, comparisons: Mapping[tuple[str, str], Comparison]) -> Sequence[dict[str, Any]]:
    """Give the same for programs: a model has its comparison with the first beside it."""
    compared = {b: {"with": a, **compare_json(each)} for (a, b), each in comparisons.items()}
    return [
        {"model": model, "passed": passed, "scenarios": count, "tokens": tokens, "cost_usd": cost}
        | ({"compared": compared[model]} if model in compared else {})
        for model, passed, count, tokens, cost in sums(run)
    ]
