"""What the plugin collects: a file of scenarios, and each scenario as a test that pytest can select and report.

One event loop and one open target serve all scenarios of a project; they are given back when pytest ends.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import OrchError, SpecError
from orchestrator.model.project import LocatedScenario, Project
from orchestrator.project import Session, open_conversations, open_session
from orchestrator.reporting.cautions import find_cautions
from orchestrator.reporting.run_text import failure_text
from orchestrator.scenario.project_recordings import get_recordings
from orchestrator.scenario.quarantine import Held, get_held
from orchestrator.scenario.recorded_run import Mode, run_or_replay
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import ScenarioResult
from orchestrator.scenario.runner import Open, RunOptions
from orchestrator.spec.loader import Ask, find_root, load


class ScenarioError(OrchError):
    """A scenario that did not pass; the text is its report."""


class OpenProject:
    """A project whose target is open, for as long as pytest runs."""

    def __init__(self, project: Project, record: Mode | None, folder: Path | None) -> None:
        """`record` says what becomes of recordings, None uses none; `folder` is where they are, else the project's."""
        self.project = project
        self._record, self._folder = record, folder
        self._runner = asyncio.Runner()
        self._context = open_session(project, os.environ)
        self._session: Session | None = None

    def play(self, located: LocatedScenario) -> ScenarioResult:
        """Play one scenario; raises `OrchError` where it cannot be begun."""
        return self._runner.run(self._play(located))

    async def _play(self, located: LocatedScenario) -> ScenarioResult:
        recordings = None
        if self._record is not None:
            recordings = get_recordings(self.project, self._record, self._folder, Path.cwd(), os.environ)
        done = await run_or_replay([located], recordings, self._target, RunOptions())
        if done.interrupted:
            raise KeyboardInterrupt
        return done.results[0]

    @asynccontextmanager
    async def _target(self, scenarios: Collection[LocatedScenario]) -> AsyncIterator[Open]:
        """Open the target the first time it is needed; it stays open."""
        if self._session is None:
            self._session = await self._context.__aenter__()
        yield await open_conversations(self._session, scenarios)

    def close(self) -> None:
        """Give the target back."""
        if self._session is not None:
            self._runner.run(self._context.__aexit__(None, None, None))
        self._runner.close()


_PROJECTS = pytest.StashKey[dict[Path, OpenProject]]()


def get_project(config: pytest.Config, path: Path) -> OpenProject:
    """Give the project a file belongs to; loads it the first time. Raises `SpecError`."""
    opened = config.stash.setdefault(_PROJECTS, {})
    cwd = Path.cwd()
    root = find_root(path, cwd)
    if root not in opened:
        ask = Ask(start=root, cwd=cwd, target=config.getoption("--orch-target"), env=dict(os.environ))
        record, folder = config.getoption("--orch-record"), config.getoption("--orch-recordings")
        opened[root] = OpenProject(load(ask), Mode(record) if record else None, Path(folder) if folder else None)
        config.add_cleanup(opened[root].close)
    return opened[root]


class ScenarioFile(pytest.File):
    """A spec file with scenarios."""

    def collect(self) -> Iterator["ScenarioItem"]:
        """Give the scenarios of this file; raises CollectError with every problem of the project."""
        try:
            opened = get_project(self.config, self.path)
        except SpecError as error:
            raise self.CollectError(describe_problems(error)) from error
        for located in opened.project.scenarios:
            if located.path == self.path:
                yield ScenarioItem.from_parent(self, name=located.scenario.name, located=located, opened=opened)


class ScenarioItem(pytest.Item):
    """One scenario; its tags are markers' keywords, so `-k smoke` finds it."""

    def __init__(self, *, located: LocatedScenario, opened: OpenProject, **rest: Any) -> None:
        super().__init__(**rest)
        self.located = located
        self.opened = opened
        self.extra_keyword_matches.update(located.scenario.tags)
        held = located.scenario.quarantine
        if held and get_held(located.scenario, date.today()) is Held.NOW:
            reason = f"quarantined until {held.until}: {held.reason}"
            self.add_marker(pytest.mark.xfail(reason=reason, raises=ScenarioError, strict=False))

    def runtest(self) -> None:
        """Play the scenario as often as it says; raises `ScenarioError` where it does not pass.

        So does an undecided one: pytest has no third verdict, and a skipped test would look like a good one. In
        quarantine that is what pytest calls an expected failure. A mock that was used otherwise than expected is a
        warning of pytest's.
        """
        result = self.opened.play(self.located)
        self.user_properties += [
            ("input_tokens", result.usage.input_tokens),
            ("output_tokens", result.usage.output_tokens),
            ("requests", result.requests),
            *([("cost_usd", result.cost_usd)] if result.cost_usd is not None else []),
            ("status", str(result.status)),
            ("attempts", len(result.attempts)),
            ("attempts_passed", result.tally.passed),
            ("attempts_failed", result.tally.failed),
        ]
        for caution in find_cautions(result):
            self.warn(pytest.PytestWarning(str(caution)))
        if result.status is not Status.PASSED:
            raise ScenarioError(failure_text(result).plain)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the transcript and what was expected, not a traceback of orch."""
        match excinfo.value:
            case SpecError() as error:
                return describe_problems(error)
            case OrchError() as error:
                return error.message + (f"\nhint: {error.hint}" if error.hint else "")
            case _:
                return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Give the place pytest shows."""
        return self.path, self.located.position.line - 1, f"scenario: {self.name}"


def describe_problems(error: SpecError) -> str:
    """Give the problems of a project as text."""
    lines = []
    for diagnostic in error.diagnostics:
        lines.append(str(diagnostic))
        if diagnostic.hint:
            lines.append(f"  hint: {diagnostic.hint}")
    return "\n".join(lines)
