"""The whole server put together: files, vector stores, search and code beside assistants, threads and runs."""

from collections.abc import Sequence
from importlib import import_module

from orchestrator.server.app import Settings
from orchestrator.server.interpreter.pool import KernelPool
from orchestrator.server.knowledge.embedder import Embedder
from orchestrator.server.knowledge.library import Knowledge
from orchestrator.server.knowledge.retrieval import StoreSearcher
from orchestrator.server.models.interface import Model
from orchestrator.server.routes.files import FileRoutes
from orchestrator.server.routes.vector_store_files import VectorStoreFileRoutes
from orchestrator.server.routes.vector_stores import VectorStoreRoutes
from orchestrator.server.store import Store

_NEAREST = "orchestrator.server.knowledge.nearest"
"""Imported where there are vectors to compare: it needs numpy."""


def assemble(
    store: Store, models: Sequence[Model] = (), *, api_key: str | None = None, embedder: Embedder | None = None
) -> Settings:
    """Give the settings of a server with everything it has, over one database that stays the caller's to close.

    With an embedder, also the caller's to close, searches go by meaning besides words.

    Nothing is started yet, and no parser or kernel is loaded before it is needed. Make one for each event loop.
    """
    knowledge = Knowledge.open(store, embedder=embedder)
    make = None if embedder is None else import_module(_NEAREST).Matrix.of
    searcher = StoreSearcher(knowledge.documents, knowledge.vectors, make)
    kernels = KernelPool()
    return Settings(
        store=store,
        models=models,
        code_runner=kernels,
        searcher=searcher,
        files=knowledge.files,
        vector_stores=knowledge,
        routes=(
            *FileRoutes(knowledge).routes(),
            *VectorStoreRoutes(knowledge, searcher).routes(),
            *VectorStoreFileRoutes(knowledge).routes(),
        ),
        on_start=(knowledge.resume,),
        on_stop=(knowledge.close, kernels.close),
        api_key=api_key,
    )
