"""An embeddings endpoint whose meanings are known: words of one line of `SAME` mean the same, in any language."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from orchestrator.server.knowledge.embedder import EmbeddingError

SAME = (
    "car automobile vehicle 자동차",
    "price cost costs expensive 가격",
    "return refund 반품",
    "dog puppy 강아지",
)


def meaning(text: str) -> list[float]:
    """Give how often each meaning stands in a text, and a little of what has none."""
    words = text.casefold().replace("?", " ").replace(".", " ").split()
    return [float(sum(word in line.split(" ") for word in words)) for line in SAME] + [0.01]


class Meanings:
    """An `Embedder` without a network; counts the texts it was given."""

    def __init__(self, name: str = "meanings", broken: bool = False) -> None:
        self.name, self.broken = name, broken
        self.seen: list[str] = []

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Give their meanings; raises `EmbeddingError` while it is broken."""
        if self.broken:
            raise EmbeddingError("the endpoint is down")
        self.seen += texts
        return [meaning(text) for text in texts]


def endpoint(key: str | None = None) -> Starlette:
    """Give the same as an API: `POST /v1/embeddings`."""

    async def embed(request: Request) -> JSONResponse:
        if key is not None and request.headers.get("authorization") != f"Bearer {key}":
            return JSONResponse({"error": {"message": "wrong key", "type": "invalid_request_error"}}, 401)
        body = await request.json()
        data = [{"index": n, "embedding": meaning(text)} for n, text in enumerate(body["input"])]
        return JSONResponse({"object": "list", "model": body["model"], "data": data[::-1]})

    return Starlette(routes=[Route("/v1/embeddings", embed, methods=["POST"])])
