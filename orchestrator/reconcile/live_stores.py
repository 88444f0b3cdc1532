"""Which live vector store is meant by a name. Pure."""

from orchestrator.errors import UsageError
from orchestrator.model.address import Address, Kind
from orchestrator.model.project import Project
from orchestrator.reconcile.observe import Observed

_ID = "vs_"
"""How the ids of vector stores begin (API facts 4.1)."""


def get_store_id(store: str, project: Project, observed: Observed) -> str:
    """Give the id of the live store that specs call `store`, or that it is; raises `UsageError` where there is none."""
    if store.startswith(_ID):
        return store
    address = Address(Kind.VECTOR_STORE, store.removeprefix(f"{Kind.VECTOR_STORE}."))
    live = observed.owned.get(address)
    if live is not None:
        return live.id
    if address in project.resources:
        target = project.target_name
        raise UsageError(f"{address} is not there on target {target}", f"run `orch apply --target {target}` first")
    known = [each.name for each in project.resources if each.kind is Kind.VECTOR_STORE]
    raise UsageError(f"there is no VectorStore called {address.name}", f"there are: {', '.join(known) or 'none'}")
