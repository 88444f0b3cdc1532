"""Test reports read back: of `orch.test/1` what a comparison needs, refused where it is something else.

Read by hand and not by pydantic, so that comparing two files takes no longer to begin than to do.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from orchestrator.errors import ReportError
from orchestrator.scenario.report_format import FORMAT, Report
from orchestrator.scenario.statistics import Counts

_HINT = "write one with `orch test --json FILE`"


@dataclass(frozen=True, slots=True)
class ReportedAttempt:
    """One attempt at a scenario, as it was reported."""

    status: str
    duration_ms: float
    tokens: int
    """In and out, of all turns."""
    cost_usd: float | None
    """None where the report does not know it."""


@dataclass(frozen=True, slots=True)
class ReportedScenario:
    """One scenario, as it was reported."""

    name: str
    status: str
    attempts: tuple[ReportedAttempt, ...]

    @property
    def counts(self) -> Counts:
        """How often it passed, of the attempts that could be judged."""
        passed = sum(attempt.status == "passed" for attempt in self.attempts)
        return Counts(passed, passed + sum(attempt.status == "failed" for attempt in self.attempts))


@dataclass(frozen=True, slots=True)
class RunReport:
    """A report of `orch test`."""

    project: str
    target: str
    scenarios: Mapping[str, ReportedScenario]
    """By name, in the order of the report."""
    not_run: tuple[str, ...]
    """Scenarios the run did not get to."""


def parse_report(text: str, name: str) -> dict[str, Any]:
    """Give the data of a report; `name` is what messages call it. Raises `ReportError` where the text is none."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ReportError(f"{name} is not JSON: {error}", _HINT) from None
    except RecursionError:
        raise ReportError(f"{name} is nested too deeply to be a report", _HINT) from None
    format_ = data.get("format") if isinstance(data, dict) else None
    if isinstance(data, dict) and format_ == FORMAT:
        return data
    if isinstance(format_, str) and format_.startswith("orch.test/"):
        message = f"{name} has the format {format_}, and this orch reads {FORMAT}"
        raise ReportError(message, "compare with the orch that wrote the newer one")
    if isinstance(format_, str) and format_.startswith("orch."):
        raise ReportError(f"{name} is no test report but {format_}", _HINT)
    raise ReportError(f"{name} is not a report of `orch test`: it has no format {FORMAT}", _HINT)


def read_report(data: Report, name: str) -> RunReport:
    """Give what a comparison needs; raises `ReportError` where something is not there, or is not what belongs there."""
    return _Reader(name).report(data)


class _Reader:
    """Takes values out of a report and says where one is not what belongs there."""

    def __init__(self, name: str) -> None:
        self._name = name

    def report(self, data: Report) -> RunReport:
        target = self._text(data, "target", "")
        several = "," in target  # which no name of a target has
        scenarios = [
            self._scenario(each, f"scenarios[{index}]", several)
            for index, each in enumerate(self._list(data, "scenarios", ""))
        ]
        by_name = {scenario.name: scenario for scenario in scenarios}
        if len(by_name) < len(scenarios):
            names = [scenario.name for scenario in scenarios]
            twice = next(name for name in names if names.count(name) > 1)
            raise ReportError(
                f"{self._name} has several scenarios called {twice}", "scenarios are paired by name: run once for each"
            )
        return RunReport(
            project=self._text(data, "project", ""),
            target=target,
            scenarios=by_name,
            not_run=tuple(
                self._scenario_name(each, f"not_run[{index}]", several)
                for index, each in enumerate(self._list(data, "not_run", "") if "not_run" in data else ())
            ),
        )

    def _scenario(self, data: Any, place: str, with_target: bool) -> ReportedScenario:
        name = self._scenario_name(data, place, with_target)
        attempts = [
            self._attempt(each, f"{place}.attempts[{index}]")
            for index, each in enumerate(self._list(data, "attempts", place))
        ]
        return ReportedScenario(name, self._text(data, "status", place), tuple(attempts))

    def _scenario_name(self, data: Any, place: str, with_target: bool) -> str:
        """Give a scenario's name; of several targets each has a scenario of that name."""
        name = self._text(data, "name", place)
        return f"{name} on {self._text(data, 'target', place)}" if with_target else name

    def _attempt(self, data: Any, place: str) -> ReportedAttempt:
        usages = [
            (self._value(turn, "usage", f"{place}.turns[{index}]"), f"{place}.turns[{index}].usage")
            for index, turn in enumerate(self._list(data, "turns", place))
        ]
        words = ("input_tokens", "output_tokens")
        tokens = (int(self._number(usage, word, where)) for usage, where in usages for word in words)
        return ReportedAttempt(
            status=self._text(data, "status", place),
            duration_ms=self._number(data, "duration_ms", place),
            tokens=sum(tokens),
            cost_usd=self._number(data, "cost_usd", place) if data.get("cost_usd") is not None else None,
        )

    def _value(self, data: Any, key: str, place: str) -> Any:
        if not isinstance(data, dict):
            raise self._damaged(place, "must be an object")
        if key not in data:
            raise self._damaged(place, f"has no {key}")
        return data[key]

    def _text(self, data: Any, key: str, place: str) -> str:
        value = self._value(data, key, place)
        if not isinstance(value, str):
            raise self._damaged(f"{place}.{key}", "must be text")
        return value

    def _list(self, data: Any, key: str, place: str) -> Sequence[Any]:
        value = self._value(data, key, place)
        if not isinstance(value, list):
            raise self._damaged(f"{place}.{key}", "must be a list")
        return value

    def _number(self, data: Any, key: str, place: str) -> float:
        value = self._value(data, key, place)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
            raise self._damaged(f"{place}.{key}", "must be a number, 0 or more")
        return value

    def _damaged(self, place: str, what: str) -> ReportError:
        return ReportError(f"{self._name} is a damaged report: {place.lstrip('.') or 'it'} {what}", _HINT)
