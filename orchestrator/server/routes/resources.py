"""`tool_resources` and attachments as requests give them: checked, and their vector stores made."""

from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.server.routes.http import Services, must_fetch
from orchestrator.server.store import Body
from orchestrator.server.wire import invalid, not_built


async def resolved(services: Services, given: Mapping[str, Any] | None) -> Body:
    """Give resources as they are stored: every id exists, and `vector_stores` to be made have become ids.

    Raises WireError 400 for an id of nothing, and for `vector_store_ids` together with `vector_stores`.
    """
    resources = {tool: dict(lists) for tool, lists in (given or {}).items() if lists is not None}
    search = resources.get("file_search", {})
    made = search.pop("vector_stores", None) or []
    if made and search.get("vector_store_ids"):
        raise invalid(
            "'vector_store_ids' and 'vector_stores' are mutually exclusive.", param="tool_resources.file_search"
        )
    check_ids(services, resources)
    if made and services.tools.vector_stores is None:
        raise not_built("vector stores: it was started without them")
    for store in made:
        if services.tools.vector_stores is not None:
            created = services.tools.vector_stores.create(
                store["file_ids"], store.get("chunking_strategy"), store["metadata"]
            )
            search["vector_store_ids"] = [await created]
    if "file_search" in resources:
        search.setdefault("vector_store_ids", [])
    return resources


def check_ids(services: Services, resources: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise WireError 400 for a file or vector store that does not exist."""
    for tool, field, kind, what in (
        ("code_interpreter", "file_ids", "file", "file"),
        ("file_search", "vector_store_ids", "vector_store", "vector store"),
    ):
        for index, id in enumerate((resources.get(tool) or {}).get(field) or ()):
            _check(services, kind, what, id, f"tool_resources.{tool}.{field}[{index}]")


def check_message(services: Services, message: Mapping[str, Any], path: str = "") -> None:
    """Raise WireError 400 for a message that names a file that does not exist."""
    for index, attachment in enumerate(message["attachments"]):
        _check(services, "file", "file", attachment["file_id"], f"{path}attachments[{index}].file_id")
    if not isinstance(message["content"], str):
        for index, part in enumerate(message["content"]):
            if part["type"] == "image_file":
                place = f"{path}content[{index}].image_file.file_id"
                _check(services, "file", "file", part["image_file"]["file_id"], place)


def _check(services: Services, kind: str, what: str, id: str, param: str) -> None:
    if services.store.fetch(kind, id) is None:
        raise invalid(f"No {what} found with id '{id}'.", param=param)


async def attach_files(services: Services, thread_id: str, messages: Iterable[Mapping[str, Any]]) -> None:
    """Put files attached for file_search into the thread's vector store, which is made if there is none."""
    file_ids = [
        attachment["file_id"]
        for message in messages
        for attachment in message["attachments"]
        if {"type": "file_search"} in attachment["tools"]
    ]
    if not file_ids:
        return
    if services.tools.vector_stores is None:
        raise not_built("attachments for file_search: it was started without vector stores")
    resources = must_fetch(services.store, "thread", thread_id)["tool_resources"]
    ids = resources.get("file_search", {}).get("vector_store_ids") or []
    if ids:
        await services.tools.vector_stores.attach(ids[0], file_ids)
        return
    created = await services.tools.vector_stores.create(file_ids, None, {})
    lent = {**resources, "file_search": {"vector_store_ids": [created]}}
    services.store.change("thread", thread_id, lambda thread: {**thread, "tool_resources": lent})
