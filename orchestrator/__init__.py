"""Orch keeps AI assistants in version control: YAML specs, a reconciler, a scenario runner, an embedded server."""

__version__ = "0.1.0"
