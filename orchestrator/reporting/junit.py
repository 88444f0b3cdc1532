"""A run of scenarios for CI systems: JUnit XML, one test case a scenario.

The shape is the one Jenkins publishes (xunit-plugin, junit-10.xsd) with two additions GitLab, CircleCI and Jenkins'
own JUnit plugin read: `file` and `line` on a test case, and properties inside it.
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping

from orchestrator.model.conversation import Usage
from orchestrator.model.project import LocatedScenario
from orchestrator.reporting.cautions import caution_lines
from orchestrator.reporting.characters import visible
from orchestrator.reporting.left_out import quarantine_lines, quarantine_text, why_left_out
from orchestrator.reporting.rates import is_repeated, statistics_json
from orchestrator.reporting.run_json import scenario_json
from orchestrator.reporting.story import get_headline, get_rate, tell
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Run, ScenarioResult

LIMIT = 10_000
"""Characters of one message, call or output; CI systems refuse reports of many megabytes."""


def junit_xml(run: Run, *, project: str, target: str) -> str:
    """Give the report as XML text with its declaration; `project` and `target` are names."""
    counts = {
        "tests": str(len(run.results) + len(run.not_run)),
        "failures": str(run.count(Status.FAILED)),
        "errors": str(run.count(Status.ERRORED)),
        "time": _seconds(run.duration_ms),
    }
    held = sum(result.quarantined and result.status is not Status.PASSED for result in run.results)
    skipped = str(len(run.not_run) + run.count(Status.INCONCLUSIVE) + held)
    several = run.has_targets
    root = ET.Element("testsuites", {"name": "orch", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": project, **counts, "skipped": skipped})
    counted = {**_tokens(run.usage), **_judges(run.judge_usage), **_cost(run.cost_usd)}
    _properties(suite, {"target": target, "requests": run.requests, **counted})
    for result in run.results:
        _add(suite, result, project, target, several)
    for located in run.not_run:
        case = _case(suite, located, _class(located, project, several), 0.0)
        ET.SubElement(case, "skipped", {"message": f"not run: {why_left_out(run)}"})
    ET.indent(root)
    return _DECLARATION + ET.tostring(root, encoding="unicode") + "\n"


_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


_TAGS = {Status.FAILED: "failure", Status.ERRORED: "error", Status.INCONCLUSIVE: "skipped"}
"""JUnit has no word for undecided: skipped is the one that is neither a failure nor an error."""


def _add(suite: ET.Element, result: ScenarioResult, project: str, target: str, several: bool) -> None:
    located = result.located
    case = _case(suite, located, _class(located, project, several), result.duration_ms)
    turns = len(result.located.scenario.turns)
    properties: dict[str, str | int] = {"target": located.target or target, "turns": turns, "requests": result.requests}
    counted = {**_tokens(result.usage), **_judges(result.judge_usage), **_cost(result.cost_usd)}
    _properties(case, {**_case_of(located), **properties, **counted, **_attempts(result), **_marks(result)})
    if result.status is not Status.PASSED:
        _tell(case, result)
    if lines := [*caution_lines([result]), *quarantine_lines([result])]:
        ET.SubElement(case, "system-out").text = "\n".join(map(str, lines))


def _tell(case: ET.Element, result: ScenarioResult) -> None:
    scenario = scenario_json(result)
    (message, kind), rate = get_headline(scenario), get_rate(scenario)
    message = f"{rate}: {message}" if rate else message
    if result.status is Status.INCONCLUSIVE:
        message = f"inconclusive: {message}"
    tag = _TAGS[result.status]
    if result.quarantined:
        tag, message = "skipped", f"{quarantine_text(result)} ({result.status}: {message})"
    position = result.located.position
    story = "\n".join([f"{position.file}:{position.line}", *map(str, tell(scenario, LIMIT))])
    ET.SubElement(case, tag, {"message": message, "type": kind}).text = visible(story)


def _marks(result: ScenarioResult) -> dict[str, str | int]:
    marks = {"recorded": result.recorded, "quarantined": result.quarantined, "taken_over": result.taken_over}
    return {name: "true" for name, is_so in marks.items() if is_so}


def _cost(cost_usd: float | None) -> dict[str, str | int]:
    return {} if cost_usd is None else {"cost_usd": f"{cost_usd:.6f}"}


def _attempts(result: ScenarioResult) -> dict[str, str | int]:
    """Give what a scenario's attempts come to, where it has several."""
    if not is_repeated(result):
        return {}
    data = statistics_json(result)
    counts = {word: data[word] for word in ("passed", "failed", "errored", "inconclusive")}
    interval = " ".join(f"{end:.4f}" for end in data["interval"])
    shown = {"interval": interval, "confidence": f"{data['confidence']:g}", "required": f"{data['required']:g}"}
    return {"status": str(result.status), "attempts": len(result.attempts), **counts, **shown}


def _case_of(located: LocatedScenario) -> dict[str, str]:
    """Give what tells a case from the others of its scenario."""
    return (
        {"base": located.base, **{f"case.{key}": value for key, value in located.case.items()}} if located.case else {}
    )


def _class(located: LocatedScenario, project: str, several: bool) -> str:
    """Give the class a CI system files it under; of several targets each has its own, for names do not tell."""
    return ".".join([project, *([located.target] if several else []), located.scenario.assistant])


def _case(suite: ET.Element, located: LocatedScenario, class_name: str, duration_ms: float) -> ET.Element:
    attributes = {
        "name": located.scenario.name,
        "classname": class_name,
        "time": _seconds(duration_ms),
        "file": located.position.file,
        "line": str(located.position.line),
    }
    return ET.SubElement(suite, "testcase", {key: visible(value) for key, value in attributes.items()})


def _properties(parent: ET.Element, values: Mapping[str, str | int]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", {"name": name, "value": visible(str(value))})


def _tokens(usage: Usage) -> dict[str, str | int]:
    return {
        "tokens": usage.input_tokens + usage.output_tokens,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
    }


def _judges(usage: Usage) -> dict[str, str | int]:
    """Give what judges used, where one was asked."""
    return {f"judge_{name}": number for name, number in _tokens(usage).items()} if usage != Usage() else {}


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.3f}"
