"""A Chat-Completions endpoint over a real port: what goes wrong there, told with what to do and without the key."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from starlette.responses import PlainTextResponse, Response

from orchestrator.providers.upstream import RemoteEndpoint
from orchestrator.server.models.interface import Failure, ModelMessage, ModelRequest, ModelStep
from orchestrator.server.models.upstream import UpstreamModel
from tests.providers.building import app_on_port
from tests.providers.completions import MODELS, Chat, error, says

ASKED = ModelRequest("llama3.2", "", (ModelMessage("user", "Hello"),), ())
NOW = {"retry-after-ms": "1"}


def with_headers(response: Response, headers: Mapping[str, str]) -> Response:
    response.headers.update(headers)
    return response


def ask(url: str, key: str | None = None) -> ModelStep:
    async def asked() -> ModelStep:
        endpoint = RemoteEndpoint(url, key)
        try:
            return await UpstreamModel(endpoint).step(ASKED)
        finally:
            await endpoint.close()

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (lambda _: error(404, "model 'llama3.2' not found"), "server_error", ["not found (HTTP 404)", "this model"]),
        (lambda _: error(400, "too long"), "invalid_prompt", ["too long (HTTP 400)"]),
        (
            lambda _: with_headers(error(429, "slow down"), NOW),
            "rate_limit_exceeded",
            ["slow down (HTTP 429) (8 attempts)", "--concurrency"],
        ),
        (
            lambda _: error(429, "no money", code="insufficient_quota"),
            "rate_limit_exceeded",
            ["no money", "waiting does not help"],
        ),
        (
            lambda _: with_headers(error(500, "out of memory"), NOW),
            "server_error",
            ["out of memory (HTTP 500) (3 attempts)", "look at its log"],
        ),
        (lambda _: PlainTextResponse("<html>"), "server_error", ["was not answered with a JSON object", "ends in /v1"]),
        (lambda _: {"choices": []}, "server_error", ["holds no answer"]),
        (lambda _: {"error": {"code": 429, "message": "busy"}}, "rate_limit_exceeded", [": busy"]),
        (lambda _: {"error": "broken for sk-right"}, "server_error", [": broken for ***"]),
    ],
)
def test_what_goes_wrong_there_is_told_with_what_to_do(answer: Callable[[Any], Any], code, said):
    with app_on_port(Chat(answer, "sk-right").app) as url:
        action = ask(f"{url}/v1", "sk-right").action
    assert isinstance(action, Failure)
    assert action.code == code
    assert action.message.startswith(f"The model 'llama3.2' at {url}/v1: ")
    for words in said:
        assert words in action.message


def test_a_wrong_key_is_not_repeated():
    with app_on_port(Chat(key="sk-right").app) as url:
        action = ask(f"{url}/v1", "sk-wrong").action
    assert isinstance(action, Failure)
    assert "Incorrect API key provided: *** (HTTP 401)" in action.message
    assert "--upstream-key-env" in action.message
    assert "sk-wrong" not in action.message


def test_an_endpoint_that_is_not_there_is_told():
    action = ask("http://127.0.0.1:9/v1").action
    assert isinstance(action, Failure)
    assert "cannot reach 127.0.0.1:9" in action.message
    assert "is it running, and is the address right?" in action.message


def test_openai_is_told_the_limit_of_tokens_by_its_new_name_and_others_by_the_one_they_know():
    assert RemoteEndpoint("https://api.openai.com/v1").token_limit == "max_completion_tokens"
    assert RemoteEndpoint("https://x.services.ai.azure.com/openai/v1").token_limit == "max_completion_tokens"
    assert RemoteEndpoint("http://127.0.0.1:11434/v1").token_limit == "max_tokens"


def test_its_models_are_listed_and_none_where_they_cannot_be_read(caplog):
    async def names(url: str) -> Any:
        endpoint = RemoteEndpoint(url)
        try:
            return await UpstreamModel(endpoint).fetch_names()
        finally:
            await endpoint.close()

    with app_on_port(Chat().app) as url:
        assert asyncio.run(names(f"{url}/v1")) == [*MODELS]
        with caplog.at_level(logging.WARNING, "orch.server"):
            assert asyncio.run(names(url)) == ()
    assert "the models of" in caplog.text


def test_a_step_that_is_cancelled_hangs_up():
    chat = Chat(lambda _: says("too late"))
    chat.hang = True

    async def cancelled(url: str) -> None:
        endpoint = RemoteEndpoint(url)
        step = asyncio.create_task(UpstreamModel(endpoint).step(ASKED))
        await asyncio.to_thread(chat.asked.wait, 10)
        step.cancel()
        with pytest.raises(asyncio.CancelledError):
            await step
        await asyncio.to_thread(chat.hung_up.wait, 10)
        await endpoint.close()

    with app_on_port(chat.app) as url:
        asyncio.run(cancelled(f"{url}/v1"))
    assert chat.hung_up.is_set()
