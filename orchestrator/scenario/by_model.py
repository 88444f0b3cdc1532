"""The same scenarios with several models: each becomes a case for each model, and the cases of two are one comparison.

Cases are what `matrix: {model: [...]}` makes of a scenario, so recordings, `--last-failed` and reports know them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from orchestrator.model.conversation import Usage
from orchestrator.model.matrix import MODEL
from orchestrator.model.prices import Price
from orchestrator.model.project import LocatedScenario
from orchestrator.scenario.reports import ReportedAttempt, ReportedScenario, RunReport
from orchestrator.scenario.results import Run, ScenarioResult, add_costs
from orchestrator.spec.case_names import axis_parts, case_name


def with_models(
    found: Iterable[LocatedScenario], models: Sequence[str], prices: Mapping[str, Price]
) -> list[LocatedScenario]:
    """Give a case of each scenario for each model, in place of the models it names itself."""
    made: dict[str, LocatedScenario] = {}
    for located in found:
        if located.searches:  # no model has a part in it
            made[f"{located.target} {located.scenario.name}"] = located
            continue
        others = [part for part in _parts(located) if not part.startswith(f"{MODEL}=")]
        for part, model in zip(axis_parts(MODEL, models), models, strict=True):
            name = case_name(located.base, [part, *others])
            case = {MODEL: model, **{key: value for key, value in located.case.items() if key != MODEL}}
            made[f"{located.target} {name}"] = replace(
                located,
                scenario=located.scenario.model_copy(update={"name": name}),
                written_as=located.base,
                case=case,
                model=model,
                price=prices.get(model),
            )
    return list(made.values())


def _parts(located: LocatedScenario) -> list[str]:
    """Give what tells a case from the others of its scenario, as it stands in its name."""
    inner = located.scenario.name.removeprefix(located.base)
    return inner[1:-1].split(",") if inner else []


def without_model(located: LocatedScenario, with_target: bool) -> str:
    """Give what cases that differ in their model alone have in common: the name of what is compared."""
    others = [part for part in _parts(located) if not part.startswith(f"{MODEL}=")]
    name = case_name(located.base, others) if others else located.base
    return f"{name} on {located.target}" if with_target else name


def reports_by_model(run: Run, project: str) -> dict[str, RunReport]:
    """Give what each model came to, as a report that can be compared with another's; in the order of the run."""
    by_model: dict[str, list[ScenarioResult]] = {}
    for result in run.results:
        if result.located.model is not None:
            by_model.setdefault(result.located.model, []).append(result)
    return {model: _report(results, project, run) for model, results in by_model.items()}


def _report(results: Sequence[ScenarioResult], project: str, run: Run) -> RunReport:
    names = [without_model(result.located, run.has_targets) for result in results]
    scenarios = {name: _scenario(name, result) for name, result in zip(names, results, strict=True)}
    target = ", ".join(dict.fromkeys(result.located.target for result in results))
    return RunReport(project, target, scenarios, ())


def _scenario(name: str, result: ScenarioResult) -> ReportedScenario:
    attempts = tuple(
        ReportedAttempt(str(attempt.status), attempt.duration_ms, _sum(attempt.usage), attempt.cost_usd)
        for attempt in result.attempts
    )
    return ReportedScenario(name, str(result.status), attempts)


def _sum(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens


def sums(run: Run) -> list[tuple[str, int, int, int, float | None]]:
    """Give for each model how many scenarios passed, how many there were, its tokens and its cost in US dollars."""
    by_model: dict[str, list[ScenarioResult]] = {}
    for result in run.results:
        by_model.setdefault(result.located.model or "", []).append(result)
    return [
        (
            model,
            sum(str(result.status) == "passed" for result in results),
            len(results),
            sum(_sum(result.usage) for result in results),
            add_costs([attempt for result in results for attempt in result.attempts]),
        )
        for model, results in by_model.items()
    ]
