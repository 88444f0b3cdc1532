"""ScriptedModels as the embedded server takes them: declared in specs, rendered by the specs' templates."""

from collections.abc import Mapping

from orchestrator.model.scripted import ScriptedModel
from orchestrator.server.models.scripted import RenderError
from orchestrator.server.models.scripted import ScriptedModel as ServedModel
from orchestrator.spec.template import TemplateError, render_later


def serve_model(model: ScriptedModel) -> ServedModel:
    """Give a declared model as the server takes it; raises `ScriptError` for rules that cannot be used."""
    ends = model.shutdown_date.isoformat() if model.shutdown_date is not None else None
    return ServedModel(model.name, model.to_rules(), _render, ends)


def _render(text: str, values: Mapping[str, object]) -> str:
    try:
        return render_later(text, values)
    except TemplateError as error:
        raise RenderError(error.message) from error
