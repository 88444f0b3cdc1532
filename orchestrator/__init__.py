"""Orch keeps AI assistants in version control: YAML specs, a reconciler, a scenario runner, an embedded server."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.releases import load_release

__all__ = ["__version__", "load_release"]
__version__ = "0.1.0"

_HOMES = {"load_release": "orchestrator.releases"}


def __getattr__(name: str) -> Any:
    """Load what applications import from here when they do: `orch --version` and `--help` need none of it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
