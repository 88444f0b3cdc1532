"""`/models`: the names this server answers to."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.server.models.interface import Catalogue, find_model
from orchestrator.server.routes.http import Endpoint, reply, services
from orchestrator.server.wire import WireError


def _describe(name: str, shutdown_date: str | None) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "orch", "shutdown_date": shutdown_date}


async def list_all(request: Request) -> Response:
    """GET /models."""
    dates: dict[str, str | None] = {}
    for each in services(request).models:
        dates[each.name] = dates.get(each.name) or each.shutdown_date
    for each in services(request).models:
        if isinstance(each, Catalogue):
            dates = {**dict.fromkeys(await each.fetch_names()), **dates}
    return reply({"object": "list", "data": [_describe(name, date) for name, date in dates.items()]})


async def get(request: Request) -> Response:
    """GET /models/{model}."""
    name = request.path_params["model"]
    found = find_model(services(request).models, name)
    if found is None:
        raise WireError(404, f"The model '{name}' does not exist", code="model_not_found", param="model")
    return reply(_describe(name, found.shutdown_date))


ENDPOINTS = (Endpoint("GET", "/models", list_all), Endpoint("GET", "/models/{model}", get))
