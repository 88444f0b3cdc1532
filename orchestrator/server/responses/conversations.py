"""Conversations: what they hold is what was put into them and what their responses were given and gave, in order."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from orchestrator.server.objects import new_message
from orchestrator.server.responses.calls import check_distinct
from orchestrator.server.responses.items import as_message, given_item
from orchestrator.server.responses.responses import CONVERSATION, Responses, Talk
from orchestrator.server.responses.stream import Stream
from orchestrator.server.runs.prompt import UNTOLD
from orchestrator.server.store import Body, Page, PageQuery, Store
from orchestrator.server.wire import WireError, new_id, now, page_of

ENTRY, TAKEN_OUT = "conversation_entry", "conversation_taken_out"
"""Kinds of documents: what each conversation holds in order (an item, or a response), and items deleted from it."""


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
        """Delete a conversation; its responses stay. Raises WireError 404."""
        with self._store.transaction():
            self.must_fetch(id)
            for kind in (ENTRY, TAKEN_OUT):
                self._store.remove_all(kind, id)
            self._store.remove(CONVERSATION, id)
            self._responses.leave(id)

    def respond(self, id: str, values: Mapping[str, Any]) -> tuple[Body, Stream]:
        """Begin a response to what is in a conversation and what `values` say, and take it in; raises WireError."""
        with self._store.transaction():
            self.must_fetch(id)
            put: list[Body] = []
            for entry in self._store.fetch_page(ENTRY, id).items:
                put = [] if entry["item"] is None else [*put, entry["item"]]
            response, stream = self._responses.create(values, Talk(id, put, lambda: self._ids(id)))
            entry = {"id": response["id"], "created_at": response["created_at"], "item": None}
            self._store.add(ENTRY, entry, id)
        return response, stream

    def add(self, id: str, items: Sequence[Mapping[str, Any]]) -> list[Body]:
        """Put items in; raises WireError 404, and 400 for one whose id another has."""
        with self._store.transaction():
            self.must_fetch(id)
            return self._add(id, items)

    def _add(self, id: str, items: Sequence[Mapping[str, Any]]) -> list[Body]:
        check_distinct(items, lambda: self._ids(id))
        made = [given_item(item) for item in items]
        for item in made:
            self._store.add(ENTRY, {"id": item["id"], "created_at": now(), "item": item}, id)
            if item["type"] == "message":
                said = new_message(id, as_message(item))
                self._store.add("message", {**said, "id": item["id"]}, id)
        return made

    def _ids(self, id: str) -> frozenset[str]:
        """Give the ids that are taken: of what is in a conversation, of what was taken out, of what was said."""
        said, gone = (self._store.fetch_page(kind, id).items for kind in ("message", TAKEN_OUT))
        return frozenset(each["id"] for each in (*said, *gone, *self._items(id)))

    def page(self, id: str, query: PageQuery, include: Collection[str] = ()) -> Page:
        """Read a part of a conversation's items; raises WireError 404 and UnknownCursorError."""
        self.must_fetch(id)
        return page_of(list(self._items(id, include)), query)

    def must_fetch_item(self, id: str, item_id: str, include: Collection[str] = ()) -> Body:
        """Read one item; raises WireError 404."""
        self.must_fetch(id)
        found = next((item for item in self._items(id, include) if item["id"] == item_id), None)
        if found is None:
            raise WireError(404, f"Item with id '{item_id}' not found.")
        return found

    def delete_item(self, id: str, item_id: str) -> Body:
        """Take an item out, and give the conversation; no model is told it any more. Raises WireError.

        A call that waits for its output is given up, with those that were made together with it.
        """
        with self._store.transaction():
            item = self.must_fetch_item(id, item_id)
            if not self._store.remove(ENTRY, item_id, id):
                self._store.add(TAKEN_OUT, {"id": item_id, "created_at": now()}, id)
            self._store.change("message", item_id, lambda message: {**message, UNTOLD: True}, id)
            response, calls = self._responses.pending(id)
            if response is not None and item["type"] == "function_call" and item["call_id"] in calls:
                self._responses.give_up(id, response)
        return self.must_fetch(id)

    def _items(self, id: str, include: Collection[str] = ()) -> Iterator[Body]:
        gone = {each["id"] for each in self._store.fetch_page(TAKEN_OUT, id).items}
        for entry in self._store.fetch_page(ENTRY, id).items:
            items = [entry["item"]]
            if entry["item"] is None:
                response = self._responses.find(entry["id"])
                if response is None:
                    continue
                items = [*self._responses.inputs(response), *self._responses.output(response, include)]
            yield from (item for item in items if item["id"] not in gone)
