"""A real model behind the server: whatever an endpoint of the Chat Completions API has.

Who sends the requests is not its concern: `Endpoint` is what it asks for, as `knowledge/embedder.py` does for vectors.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from orchestrator.server.models import completions
from orchestrator.server.models.interface import ErrorCode, Failure, ModelRequest, ModelStep

log = logging.getLogger("orch.server")


class EndpointError(Exception):
    """A request that came to nothing; the message tells why, and what to do."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class Endpoint(Protocol):
    """One Chat Completions API. Its methods raise `EndpointError`."""

    @property
    def name(self) -> str:
        """What it is called in messages: its address."""
        ...

    @property
    def token_limit(self) -> str:
        """What the most tokens of an answer are called there: `max_completion_tokens`, or `max_tokens` as before."""
        ...

    async def complete(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a request and give the whole reply; may be cancelled, and then breaks it off."""
        ...

    async def fetch_models(self) -> Sequence[str]:
        """Give the names of its models."""
        ...


class UpstreamModel:
    """Answers runs for any model that has no script; put it first, since it goes before a script for `*`.

    An answer comes whole: a stream of a run tells it in pieces once it is there.
    """

    name = "*"
    shutdown_date = None

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def step(self, request: ModelRequest) -> ModelStep:
        """See Model."""
        who = f"The model '{request.model}' at {self._endpoint.name}"
        both = completions.clash(request)
        if both is not None:
            why = f"cannot be given the tool {both} beside a function of that name; call the function something else"
            return ModelStep(Failure("invalid_prompt", f"{who} {why}"))
        try:
            reply = await self._endpoint.complete(completions.to_body(request, self._endpoint.token_limit))
        except EndpointError as error:
            return ModelStep(Failure(error.code, f"{who}: {error}"))
        step = completions.read_step(request, reply)
        if isinstance(step.action, Failure):
            return replace(step, action=replace(step.action, message=f"{who}: {step.action.message}"))
        return step

    async def fetch_names(self) -> Sequence[str]:
        """See Catalogue."""
        try:
            return await self._endpoint.fetch_models()
        except EndpointError as error:
            log.warning("the models of %s cannot be listed: %s", self._endpoint.name, error)
            return ()
