"""How often a scenario passed, as data, and why that may decide nothing; in words: `story`."""

from typing import Any

from orchestrator.diagnostics import counted
from orchestrator.model.scenario import Repeat
from orchestrator.scenario.repeating import get_confidence, get_needed
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import ScenarioResult
from orchestrator.scenario.statistics import pass_at_k, pass_hat_k, wilson


def is_repeated(result: ScenarioResult) -> bool:
    """Tell whether a scenario asks for more than one attempt."""
    return result.located.scenario.repeat != 1


def cannot_pass(repeat: int | Repeat) -> tuple[str, str] | None:
    """Give why a scenario cannot pass whatever comes back, and what to do about it; None where it can."""
    if not isinstance(repeat, Repeat) or (needed := get_needed(repeat)) is None:
        return None
    shown = f"a pass rate of {repeat.require:g} with confidence {repeat.confidence:g}"
    return (
        f"{counted(repeat.max, 'attempt')} cannot show {shown}, even where all pass",
        f"write max: {needed} or more under `repeat`",
    )


def undecided(result: ScenarioResult) -> tuple[str, str] | None:
    """Give why repeated attempts did not decide, and what to do about it; None where they did."""
    if result.status is not Status.INCONCLUSIVE or not is_repeated(result):
        return None
    repeat, made = result.located.scenario.repeat, result.tally.total
    if problem := cannot_pass(repeat):
        return problem
    most = repeat.max if isinstance(repeat, Repeat) else repeat
    message = f"{made} attempts show neither that it passes often enough nor that it does not"
    if made < most:
        message = f"after {made} of {most} attempts, none of what may follow shows that it passes often enough or not"
    if result.tally.inconclusive and not isinstance(repeat, Repeat):
        return message, "say in the criteria more exactly what is meant, or give the judge more votes"
    return message, "more attempts may decide it: write a higher max under `repeat`"


def statistics_json(result: ScenarioResult) -> dict[str, Any]:
    """Give counts, rate, interval and requirement as JSON data, `rate` null where nothing was judged.

    `pass_at_k` and `pass_hat_k` are there where the number of attempts was fixed: the estimators suppose that.
    """
    scenario, tally = result.located.scenario, result.tally
    confidence = get_confidence(scenario)
    data: dict[str, Any] = {
        "passed": tally.passed,
        "failed": tally.failed,
        "errored": tally.errored,
        "inconclusive": tally.inconclusive,
        "rate": tally.passed / tally.judged if tally.judged else None,
        "interval": list(wilson(tally.passed, tally.judged, confidence)),
        "confidence": confidence,
        "required": scenario.repeat.require if isinstance(scenario.repeat, Repeat) else 1.0,
    }
    if not isinstance(scenario.repeat, Repeat):
        data["pass_at_k"] = {str(k): at for k, at, _ in _chances(result)}
        data["pass_hat_k"] = {str(k): hat for k, _, hat in _chances(result)}
    return data


def repeat_json(result: ScenarioResult) -> int | dict[str, Any]:
    """Give what the scenario says under `repeat`."""
    repeat = result.located.scenario.repeat
    return repeat.model_dump() if isinstance(repeat, Repeat) else repeat


def _chances(result: ScenarioResult) -> list[tuple[int, float, float]]:
    """Give k, pass@k and pass^k for 1, 2, 4 and so on, and for all judged attempts."""
    judged, passed = result.tally.judged, result.tally.passed
    if isinstance(result.located.scenario.repeat, Repeat) or not judged:
        return []
    sizes = sorted({judged, *(1 << power for power in range(judged.bit_length()))})
    return [(k, pass_at_k(passed, judged, k), pass_hat_k(passed, judged, k)) for k in sizes]
