"""A result as that of a case of a matrix, on a target of several."""

from dataclasses import replace

from orchestrator.scenario.results import ScenarioResult


def as_case(result: ScenarioResult, target: str = "server") -> ScenarioResult:
    scenario = result.located.scenario
    located = replace(
        result.located,
        scenario=scenario.model_copy(update={"name": f"{scenario.name}[model=gpt-5,row1]"}),
        written_as=scenario.name,
        case={"model": "gpt-5", "row": "row1"},
        target=target,
    )
    return replace(result, located=located)
