"""What the model sees before anybody says a word: one digest for each input, so that a change can be named.

Names are not seen: an assistant or a store that is called otherwise, or described otherwise to people, is still the
same to its model, and what was recorded with it stays good.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import Fields, digest, file_label, references
from orchestrator.model.project import Resource

MOST_DOCUMENTS = 100
"""Documents of a store with a digest each; of more, all share one, so that a recording stays readable."""
ALL_DOCUMENTS = "*"
_UNSEEN = frozenset(["display_name", "description", "metadata"])
_STORES = "tools.file_search.vector_stores"
_DIGITS = 16  # of a digest in hex: enough to tell versions apart, short enough for a line

Digests = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """The inputs of a conversation, by name, each as a digest."""

    assistant: Digests
    """Its fields: `instructions`, `model`, `tools.display_quiz`, ..."""
    documents: Digests
    """The files of the vector stores it searches, by label: content and chunking."""
    judges: Mapping[str, Digests] = field(default_factory=dict)
    """By name, the fields of the judges that its scenario may ask."""


def get_seen(
    resources: Mapping[Address, Resource],
    subject: Address,
    judges: Collection[Address] = (),
    model: str | None = None,
) -> Seen:
    """Give what the model of a declared assistant sees, and those of the judges that are asked about it.

    `model` is the one that answers, where it is not the assistant's own. Of a store that is searched by itself, its
    documents are what is seen.
    """
    searched = subject.kind is Kind.VECTOR_STORE
    fields = {} if searched else {**resources[subject].fields, **({} if model is None else {"model": model})}
    stores = [subject] if searched else sorted(references(fields.get(_STORES)))
    documents = {label: value for store in stores for label, value in _documents(resources[store])}
    if len(documents) > MOST_DOCUMENTS:
        documents = {ALL_DOCUMENTS: short_digest(documents)}
    return Seen(
        _digests(fields),
        dict(sorted(documents.items())),
        {judge.name: _digests(resources[judge].fields) for judge in sorted(judges)},
    )


def _digests(fields: Fields) -> Digests:
    grouped: dict[str, dict[str, Any]] = {}
    for path, value in fields.items():
        if path.split(".")[0] not in _UNSEEN and path != _STORES:
            grouped.setdefault(_input(path), {})[path] = value
    return {name: short_digest(grouped[name]) for name in sorted(grouped)}


def get_changes(then: Seen, now: Seen, assistant: str) -> list[str]:
    """Say in words which inputs differ; `assistant` is its address. Empty where all are the same.

    A judge that one of both does not know is no difference: whether its answers are needed, and there, is seen later.
    """
    fields = [(f"{name} of {assistant}", what) for name, what in _differences(then.assistant, now.assistant)]
    for judge in sorted({*then.judges} & {*now.judges}):
        differences = _differences(then.judges[judge], now.judges[judge])
        fields += [(f"{name} of the judge {judge}", what) for name, what in differences]
    documents = [
        (f"document {label}" if label != ALL_DOCUMENTS else "the set of documents", what)
        for label, what in _differences(then.documents, now.documents)
    ]
    return [f"{name} {what}" for name, what in (*fields, *documents)]


def _differences(then: Digests, now: Digests) -> Iterator[tuple[str, str]]:
    for name in sorted({*then, *now}):
        if name not in now:
            yield name, "was removed"
        elif name not in then:
            yield name, "was added"
        elif then[name] != now[name]:
            yield name, "changed"


def _input(path: str) -> str:
    """Give the input a field belongs to: a tool is one, with all that is said of it."""
    return ".".join(path.split(".")[:2]) if path.startswith("tools.") else path


def _documents(store: Resource) -> Iterator[tuple[str, str]]:
    for path, value in store.fields.items():
        if (label := file_label(path)) is not None:
            yield label, short_digest([value["sha256"], value["chunking"]])


def short_digest(value: Any) -> str:
    """Give a digest of JSON data, in a few hex digits."""
    return digest(value).hex()[:_DIGITS]
