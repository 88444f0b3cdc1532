"""What the model sees, input by input: what changes it, what does not, and how that is said."""

import pytest

from orchestrator.diagnostics import Position
from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import Ref, file_path
from orchestrator.model.project import Resource
from orchestrator.scenario.seen import MOST_DOCUMENTS, Seen, get_changes, get_seen

TUTOR, PAPERS = Address(Kind.ASSISTANT, "tutor"), Address(Kind.VECTOR_STORE, "papers")
CHUNKING = {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}
FIELDS = {
    "display_name": "Tutor",
    "model": "gpt-4o",
    "instructions": "Be short.",
    "metadata.team": "education",
    "tools.file_search": "file_search",
    "tools.file_search.vector_stores": [Ref(PAPERS)],
    "tools.quiz": "function",
    "tools.quiz.description": "Asks.",
    "tools.quiz.parameters": {"type": "object"},
}
DOCUMENTS = {file_path("a.md"): {"sha256": "aa", "attributes": {}, "chunking": CHUNKING}}


def seen(documents=DOCUMENTS, without=(), store=PAPERS, **changed) -> Seen:
    fields = {key: value for key, value in {**FIELDS, **changed}.items() if key not in without}
    fields["tools.file_search.vector_stores"] = [Ref(store)]
    resources = {
        TUTOR: Resource(TUTOR, fields, frozenset(), Position("a.yaml")),
        store: Resource(store, {"display_name": store.name, **documents}, frozenset(), Position("a.yaml")),
    }
    return get_seen(resources, TUTOR)


def changes(now: Seen) -> list[str]:
    return get_changes(seen(), now, "assistant.tutor")


def test_a_digest_for_each_input():
    assert list(seen().assistant) == ["instructions", "model", "tools.file_search", "tools.quiz"]
    assert list(seen().documents) == ["a.md"]
    assert changes(seen()) == []


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (seen(instructions="Be long."), "instructions of assistant.tutor changed"),
        (seen(temperature=0.5), "temperature of assistant.tutor was added"),
        (seen(without=["instructions"]), "instructions of assistant.tutor was removed"),
        (seen(**{"tools.quiz.description": "Asks much."}), "tools.quiz of assistant.tutor changed"),
        (seen(**{"tools.quiz.parameters": {"type": "object", "a": 1}}), "tools.quiz of assistant.tutor changed"),
        (seen(**{"tools.file_search.max_num_results": 3}), "tools.file_search of assistant.tutor changed"),
        (seen({file_path("a.md"): {"sha256": "ab", "chunking": CHUNKING}}), "document a.md changed"),
        (seen({file_path("a.md"): {"sha256": "aa", "chunking": {}}}), "document a.md changed"),
        (seen({}), "document a.md was removed"),
    ],
)
def test_a_change_names_its_input(now, said):
    assert changes(now) == [said]


def test_several_changes_are_all_named():
    assert changes(seen({}, model="gpt-5")) == ["model of assistant.tutor changed", "document a.md was removed"]


@pytest.mark.parametrize(
    "now",
    [
        seen(display_name="Teacher"),
        seen(description="for people"),
        seen(**{"metadata.team": "sales"}),
        seen(store=Address(Kind.VECTOR_STORE, "library")),
        seen({file_path("a.md"): {"sha256": "aa", "attributes": {"topic": "lm"}, "chunking": CHUNKING}}),
        seen(**{"tools.quiz.parameters": {"type": "object"}}),
    ],
)
def test_what_the_model_does_not_see_changes_nothing(now):
    assert changes(now) == []


def test_another_model_is_seen_and_the_assistants_own_is_no_change():
    resources = {TUTOR: Resource(TUTOR, {"model": "gpt-4o"}, frozenset(), Position("a.yaml"))}
    own = get_seen(resources, TUTOR)
    assert get_seen(resources, TUTOR, (), "gpt-4o") == own
    assert get_changes(own, get_seen(resources, TUTOR, (), "gpt-5"), "assistant.tutor") == [
        "model of assistant.tutor changed"
    ]


def test_many_documents_share_one_digest():
    def many(last: str) -> Seen:
        shas = ["x"] * MOST_DOCUMENTS + [last]
        return seen({file_path(f"{n}.md"): {"sha256": sha, "chunking": CHUNKING} for n, sha in enumerate(shas)})

    assert len(many("x").documents) == 1
    assert get_changes(many("x"), many("y"), "assistant.tutor") == ["the set of documents changed"]
