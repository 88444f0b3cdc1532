"""What a run shows about the scenarios themselves: mocks that were used more or less often than expected."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from orchestrator.diagnostics import Diagnostic
from orchestrator.reporting.lines import Line, Part
from orchestrator.scenario.results import ScenarioResult


def find_cautions(result: ScenarioResult) -> list[Diagnostic]:
    """Give the warnings of all attempts, each once; of repeated attempts with the number that gave it."""
    attempts = len(result.attempts)
    found = Counter(each for attempt in result.attempts for each in attempt.warnings)
    if attempts == 1:
        return list(found)
    return [replace(each, message=f"{each.message}, in {n} of {attempts} attempts") for each, n in found.items()]


def caution_lines(results: Sequence[ScenarioResult]) -> list[Line]:
    """Give the lines that tell the warnings of all scenarios."""
    return [line for result in results for each in find_cautions(result) for line in _lines(each)]


def _lines(caution: Diagnostic) -> Iterator[Line]:
    yield Line(Part.NOTE, 0, "warning", str(caution))
    if caution.hint:
        yield Line(Part.HINT, 0, "hint", caution.hint)
