"""What checks and mocks may know besides what was said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.diagnostics import Position
from orchestrator.model.judges import Judge
from orchestrator.model.mocks import Place
from orchestrator.model.prices import Price
from orchestrator.model.project import LocatedScenario
from orchestrator.scenario.documents import Documents


@dataclass(frozen=True, slots=True)
class Setting:
    """The surroundings of a conversation; what is not known makes checks and mocks that ask for it fail and say so."""

    root: Path | None = None
    """Folder of the project, absolute: files that `python:` names lie below it."""
    price: Price | None = None
    """What the assistant's model costs."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """Values for {{ vars.NAME }}."""
    mock_positions: Mapping[Place, Position] = field(default_factory=dict)
    """Where the scenario's mocks are written."""
    judges: Mapping[str, Judge] = field(default_factory=dict)
    """Those that checks ask, by name."""
    judge_prices: Mapping[str, Price] = field(default_factory=dict)
    """What their models cost, by the name of the judge."""
    documents: Documents = field(default_factory=Documents)
    """The files that the assistant searches, as the project has them."""


def get_setting(located: LocatedScenario) -> Setting:
    """Give the setting of a scenario's conversations."""
    return Setting(
        located.root,
        located.price,
        located.variables,
        located.mock_positions,
        located.judges,
        located.judge_prices,
        Documents(located.documents),
    )
