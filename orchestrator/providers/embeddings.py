"""Embeddings of an OpenAI-compatible endpoint, for the search of the embedded server."""

from collections.abc import Sequence
from importlib.util import find_spec

from orchestrator.errors import TargetError, UsageError
from orchestrator.providers._client import Client
from orchestrator.providers.keys import CommandKey
from orchestrator.server.knowledge.embedder import EmbeddingError

TIMEOUT = 60.0
"""Seconds without a word."""


class RemoteEmbedder:
    """Asks `POST /embeddings`; an `Embedder`. Close it at the end."""

    def __init__(self, base_url: str, model: str, api_key: str | CommandKey | None = None) -> None:
        """Raises `UsageError` where the extra `embeddings` is not installed."""
        if find_spec("numpy") is None:
            raise UsageError("embeddings need the extra `embeddings`", "pip install numpy")
        self._client = Client(base_url, api_key, timeout=TIMEOUT)
        self._model = model
        self.name = f"{model} at {base_url.rstrip('/')}"

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Give a vector for each text; raises `EmbeddingError`. One request, sent again as others are."""
        body = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        try:
            reply = await self._client.post("/embeddings", body, once=False)
            ordered = sorted(reply["data"], key=lambda item: int(item["index"]))
            return [[float(value) for value in item["embedding"]] for item in ordered]
        except TargetError as error:
            more = f"; {error.hint}" if error.hint else ""
            raise EmbeddingError(f"embeddings of {self.name}: {error.message}{more}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise EmbeddingError(f"embeddings of {self.name}: what came back is no list of embeddings") from error

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.close()
