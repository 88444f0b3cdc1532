"""Conversations: what they hold is what was put into them and what their responses were given and gave, in order."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.server.objects import new_message
from orchestrator.server.responses.items import as_message, given_item
from orchestrator.server.responses.talks import Responses
from orchestrator.server.store import Body, Page, PageQuery, Store, UnknownCursorError
from orchestrator.server.wire import WireError, new_id, now

CONVERSATION, ENTRY, TAKEN_OUT = "conversation", "conversation_entry", "conversation_taken_out"
"""Kinds of documents: conversations, what each holds in order (an item, or a response), and items deleted from it."""


class Conversations:
    """The conversations of one store."""

    def __init__(self, store: Store, responses: Responses) -> None:
        self._store = store
        self._responses = responses

    def create(self, values: Mapping[str, Any]) -> Body:
        """Make a conversation with its first items."""
        id = new_id("conv_")
        conversation = {"id": id, "object": CONVERSATION, "created_at": now(), "metadata": values["metadata"]}
        with self._store.transaction():
            self._store.add(CONVERSATION, conversation)
            self._add(id, values.get("items") or ())
        return conversation

    def must_fetch(self, id: str) -> Body:
        """Read a conversation; raises WireError 404."""
        conversation = self._store.fetch(CONVERSATION, id)
        if conversation is None:
            raise WireError(404, f"Conversation with id '{id}' not found.")
        return conversation

    def update(self, id: str, values: Mapping[str, Any]) -> Body:
        """Set the metadata; raises WireError 404."""
        self.must_fetch(id)
        edited = self._store.change(
            CONVERSATION, id, lambda body: {**body, "metadata": values.get("metadata", body["metadata"]) or {}}
        )
        return edited or self.must_fetch(id)

    def delete(self, id: str) -> None:
        """Delete a conversation and all that was said in it; raises WireError 404."""
        with self._store.transaction():
            self.must_fetch(id)
            for kind in (ENTRY, TAKEN_OUT):
                self._store.remove_all(kind, id)
            self._responses.forget_thread(id)
            self._store.remove(CONVERSATION, id)

    def note(self, id: str, response: Mapping[str, Any]) -> None:
        """Take a response in."""
        entry = {"id": response["id"], "created_at": response["created_at"], "item": None}
        self._store.add(ENTRY, entry, id)

    def add(self, id: str, items: Sequence[Mapping[str, Any]]) -> list[Body]:
        """Put items in; raises WireError 404."""
        with self._store.transaction():
            self.must_fetch(id)
            return self._add(id, items)

    def _add(self, id: str, items: Sequence[Mapping[str, Any]]) -> list[Body]:
        made = [given_item(item) for item in items]
        for item in made:
            self._store.add(ENTRY, {"id": item["id"], "created_at": now(), "item": item}, id)
            if item["type"] == "message":
                said = new_message(id, as_message(item))
                self._store.add("message", {**said, "id": item["id"]}, id)
        return made

    def page(self, id: str, query: PageQuery) -> Page:
        """Read a part of a conversation's items; raises WireError 404 and UnknownCursorError."""
        self.must_fetch(id)
        items = list(self._items(id))
        if query.order == "desc":
            items.reverse()
        if query.after is not None:
            places = [place for place, item in enumerate(items) if item["id"] == query.after]
            if not places:
                raise UnknownCursorError("after", query.after)
            items = items[places[0] + 1 :]
        return Page(items[: query.limit], len(items) > query.limit)

    def must_fetch_item(self, id: str, item_id: str) -> Body:
        """Read one item; raises WireError 404."""
        self.must_fetch(id)
        found = next((item for item in self._items(id) if item["id"] == item_id), None)
        if found is None:
            raise WireError(404, f"Item with id '{item_id}' not found.")
        return found

    def delete_item(self, id: str, item_id: str) -> Body:
        """Take an item out, and give the conversation; a message is not told to models any more. Raises WireError."""
        with self._store.transaction():
            self.must_fetch_item(id, item_id)
            self._store.add(TAKEN_OUT, {"id": item_id, "created_at": now()}, id)
            message = self._store.fetch("message", item_id, id)
            if message is not None and message["run_id"] is None:
                self._store.remove("message", item_id, id)
        return self.must_fetch(id)

    def _items(self, id: str) -> Iterator[Body]:
        gone = {each["id"] for each in self._store.fetch_page(TAKEN_OUT, id).items}
        for entry in self._store.fetch_page(ENTRY, id).items:
            if entry["item"] is not None:
                items = [entry["item"]]
            else:
                response = self._responses.must_fetch(entry["id"])
                items = [*self._responses.inputs(response), *self._responses.output(response)]
            yield from (item for item in items if item["id"] not in gone)
