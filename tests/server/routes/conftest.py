"""Files and vector stores on a real port, with a clock the test moves, and the official client for it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import openai
import pytest

from orchestrator.server.app import Settings
from orchestrator.server.knowledge.library import Knowledge
from orchestrator.server.knowledge.retrieval import StoreSearcher
from orchestrator.server.routes.files import FileRoutes
from orchestrator.server.routes.vector_store_files import VectorStoreFileRoutes
from orchestrator.server.routes.vector_stores import VectorStoreRoutes
from orchestrator.server.store import Store


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 1_800_000_000

    def __call__(self) -> int:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "knowledge.db") as opened:
        yield opened


@pytest.fixture
def client(database: Store, clock: Clock, live_server: Callable[[Settings], str]) -> Iterator[openai.OpenAI]:
    """The official client, strict, of a server whose knowledge lives by `clock`."""
    knowledge = Knowledge.open(database, clock)
    routes = (
        *FileRoutes(knowledge).routes(),
        *VectorStoreRoutes(knowledge, StoreSearcher(knowledge.documents)).routes(),
        *VectorStoreFileRoutes(knowledge).routes(),
    )
    url = live_server(Settings(database, routes=routes, on_start=(knowledge.resume,), on_stop=(knowledge.close,)))
    with openai.OpenAI(base_url=url, api_key="none", max_retries=0, _strict_response_validation=True) as opened:
        yield opened
