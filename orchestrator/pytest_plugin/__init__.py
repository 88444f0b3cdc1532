"""Scenarios as pytest items: `*.scenario.yaml` files and documents of kind Scenario or Knowledge below an `orch.yaml`.

pytest loads this in every project of an environment that has orch installed, so it stays light: whether a file is
ours is seen from its name and text, and the rest is imported when the first one is found.
"""

import re
from importlib import import_module
from pathlib import Path

import pytest

PROJECT_FILE = "orch.yaml"
MODES = ("none", "once", "new", "stale", "all")
"""Those of `orch test --record`."""
_PLAYED = re.compile(r"""\bkind["']?\s*:\s*["']?(Scenario|Knowledge)\b""")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--orch-target NAME`, `--orch-record MODE` and `--orch-recordings DIR`."""
    group = parser.getgroup("orch")
    group.addoption(
        "--orch-target", metavar="NAME", help="target that scenarios run on, instead of the project's default"
    )
    group.addoption(
        "--orch-record",
        choices=MODES,
        help="replay recordings of scenarios and record none, or what has none (once), ends too early (new), is stale, "
        "or all",
    )
    group.addoption(
        "--orch-recordings", metavar="DIR", help="where recordings are; recordings beside orch.yaml if left out"
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a spec file that has scenarios."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    if not any((folder / PROJECT_FILE).is_file() for folder in file_path.parents):
        return None
    if not file_path.name.endswith(".scenario.yaml") and _PLAYED.search(_read(file_path)) is None:
        return None
    collector: pytest.Collector = import_module("orchestrator.pytest_plugin.items").ScenarioFile.from_parent(
        parent, path=file_path
    )
    return collector


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
