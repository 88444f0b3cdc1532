"""One apply at a time on a machine, and a word to whoever waits for it."""

from contextlib import AbstractAsyncContextManager

from orchestrator.cli.messages import show_note
from orchestrator.model.project import Project
from orchestrator.spec.sole_writer import only_writer


def applying_alone(project: Project) -> AbstractAsyncContextManager[None]:
    """Wait until no other orch applies to the project's target, and say so where there is something to wait for."""
    waiting = f"another orch is applying to {project.target_name}; waiting for it"
    return only_writer(project, lambda: show_note(waiting))
