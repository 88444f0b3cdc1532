"""Which live vector store is meant by a name. Pure."""

from orchestrator.diagnostics import nearest
from orchestrator.errors import UsageError
from orchestrator.model.address import Address, Kind
from orchestrator.model.project import Project
from orchestrator.reconcile.observe import Observed

_ID = "vs_"
"""How the ids of vector stores begin (API facts 4.1)."""


def declared_store(store: str, project: Project) -> Address | None:
    """Give the address that specs know a store by, None for an id; raises `UsageError` for a name they do not know."""
    if store.startswith(_ID):
        return None
    address = Address(Kind.VECTOR_STORE, store.removeprefix(f"{Kind.VECTOR_STORE}."))
    if address not in project.resources:
        known = [each.name for each in project.resources if each.kind is Kind.VECTOR_STORE]
        near = nearest(address.name, known)
        hint = f"did you mean `{near}`?" if near else f"there are: {', '.join(known) or 'none'}"
        raise UsageError(f"there is no VectorStore called {address.name}", hint)
    return address


def get_store_id(address: Address, project: Project, observed: Observed) -> str:
    """Give the id of the live store that the specs have at this address; raises `UsageError` where there is none."""
    live = observed.owned.get(address)
    if live is not None:
        return live.id
    target = project.target_name
    raise UsageError(f"{address} is not there on target {target}", f"run `orch apply --target {target}` first")
