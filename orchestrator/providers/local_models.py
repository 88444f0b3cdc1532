"""The models of the embedded server: ScriptedModels, rendered by the specs' templates, and those of an endpoint."""

from collections.abc import Mapping, Sequence

from orchestrator.model.scripted import ScriptedModel
from orchestrator.server.models.interface import Model
from orchestrator.server.models.scripted import RenderError
from orchestrator.server.models.scripted import ScriptedModel as ServedModel
from orchestrator.server.models.upstream import Endpoint, UpstreamModel
from orchestrator.spec.template import TemplateError, render_later


def serve_models(models: Sequence[ScriptedModel], endpoint: Endpoint | None = None) -> list[Model]:
    """Give the models that answer: a script the runs that name it, the endpoint all others, else a script for `*`.

    Raises `ScriptError` for rules that cannot be used.
    """
    scripted = [serve_model(model) for model in models]
    return [*scripted] if endpoint is None else [UpstreamModel(endpoint), *scripted]


def serve_model(model: ScriptedModel) -> ServedModel:
    """Give a declared model as the server takes it; raises `ScriptError` for rules that cannot be used."""
    ends = model.shutdown_date.isoformat() if model.shutdown_date is not None else None
    return ServedModel(model.name, model.to_rules(), _render, ends)


def _render(text: str, values: Mapping[str, object]) -> str:
    try:
        return render_later(text, values)
    except TemplateError as error:
        raise RenderError(error.message) from error
