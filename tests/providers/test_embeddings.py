"""Embeddings over a real port: in the order they were asked for, with the key, and told where they do not come."""

import asyncio
import sys

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from orchestrator.errors import UsageError
from orchestrator.providers.embeddings import RemoteEmbedder
from orchestrator.server.knowledge.embedder import EmbeddingError
from tests.providers.building import app_on_port
from tests.providers.meanings import endpoint, meaning


def embed(url: str, *texts: str, key: str | None = None) -> list[list[float]]:
    async def asked() -> list[list[float]]:
        embedder = RemoteEmbedder(f"{url}/v1", "meanings", key)
        assert embedder.name == f"meanings at {url}/v1"
        try:
            return await embedder.embed(texts)
        finally:
            await embedder.close()

    return asyncio.run(asked())


def test_vectors_come_in_the_order_of_the_texts():
    with app_on_port(endpoint("sk-right")) as url:
        assert embed(url, "car", "dog", key="sk-right") == [meaning("car"), meaning("dog")]
        with pytest.raises(EmbeddingError, match=r"embeddings of meanings at .*wrong key"):
            embed(url, "car", key="sk-wrong")


def test_what_is_no_list_of_vectors_is_told():
    async def odd(request: object) -> JSONResponse:
        return JSONResponse({"data": [{"index": 0, "embedding": "base64"}]})

    with (
        app_on_port(Starlette(routes=[Route("/v1/embeddings", odd, methods=["POST"])])) as url,
        pytest.raises(EmbeddingError, match="what came back is no list of embeddings"),
    ):
        embed(url, "car")


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(UsageError, match="embeddings need the extra") as caught:
        RemoteEmbedder("http://localhost/v1", "m")
    assert "pip install numpy" in str(caught.value.hint)
