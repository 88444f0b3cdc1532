"""Whether the models that are to answer in place of the assistants' own are there: a run with a slip tells nothing."""

from collections.abc import Collection

from orchestrator.diagnostics import Diagnostic, did_you_mean
from orchestrator.model.project import LocatedScenario, Project
from orchestrator.providers.interface import Provider

ANY = "*"
"""Name of a ScriptedModel that answers for any."""


async def unknown_models(
    project: Project, provider: Provider, scenarios: Collection[LocatedScenario]
) -> list[Diagnostic]:
    """Say at each scenario which model the target does not have; asks for its list only where a model is named.

    A server of the Assistants protocol is not asked: on Foundry a model is the name of a deployment, which no list has.
    Nor is an upstream of a local target, which may load a model when it is named.
    """
    asked = [located for located in scenarios if located.model is not None]
    known = await _known(project, provider) if asked else None
    if known is None or ANY in known:
        return []
    return [
        _unknown(located, located.model, known, project.target_name)
        for located in asked
        if located.model is not None and located.model not in known
    ]


async def _known(project: Project, provider: Provider) -> Collection[str] | None:
    match project.target.provider:
        case "local":
            return None if project.target.upstream is not None else {model.name for model in project.models}
        case "assistants":
            return None
    return await provider.fetch_models()


def _unknown(located: LocatedScenario, model: str, known: Collection[str], target: str) -> Diagnostic:
    hint = did_you_mean(model, sorted(known)) or "`orch models --all` lists those it has"
    return Diagnostic(f"target {target} has no model `{model}`", located.position, hint)
