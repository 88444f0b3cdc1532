"""What turns texts into vectors, as the server asks for it; who sends the requests is not its concern."""

from collections.abc import Sequence
from typing import Protocol


class EmbeddingError(Exception):
    """Texts that could not be turned into vectors; the message tells why, and what to do."""


class Embedder(Protocol):
    """Gives a vector for a text; the nearer two vectors point, the nearer the texts are in meaning."""

    @property
    def name(self) -> str:
        """Of what the vectors are: those of one name are compared with each other, and kept."""
        ...

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Give a vector for each text, all of one length; raises `EmbeddingError`."""
        ...
