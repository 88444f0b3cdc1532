"""Projects as hypothesis makes them: the written language, turned into resources by the model's own functions."""

from typing import Any

from hypothesis import strategies as st

from orchestrator.diagnostics import Position
from orchestrator.model.address import Address, Kind
from orchestrator.model.desired import assistant_fields, vector_store_fields
from orchestrator.model.project import Resource
from orchestrator.model.resources import Assistant, Chunking, Function, StoreFiles, VectorStore

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
VALUES = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | TEXT
JSON = st.recursive(VALUES, lambda item: st.lists(item, max_size=3) | st.dictionaries(TEXT, item, max_size=3))
METADATA = st.dictionaries(st.sampled_from(["team", "team.lead", "tier", "키"]), TEXT, max_size=3)
FUNCTION_NAMES = ("quiz", "order-lookup", "send_mail")
STORE_NAMES = ("papers", "policies")
ASSISTANT_NAMES = ("tutor", "support")
LABELS = ('a "b".md', "papers/ㄱ.pdf", "c.txt")


@st.composite
def functions(draw):
    return {
        name: Function(
            name=name,
            description=draw(st.none() | TEXT),
            strict=draw(st.booleans()),
            parameters={"type": "object", "properties": draw(st.dictionaries(TEXT, JSON, max_size=2))},
        )
        for name in FUNCTION_NAMES
    }


@st.composite
def tools(draw, stores):
    written = draw(st.lists(st.sampled_from(FUNCTION_NAMES), unique=True))
    made: list[Any] = [{"function": name} for name in written]
    if draw(st.booleans()):
        made.append(draw(st.sampled_from(["code_interpreter", {"code_interpreter": {}}])))
    if draw(st.booleans()):
        search: dict[str, Any] = {}
        if stores and draw(st.booleans()):
            search["vector_stores"] = [draw(st.sampled_from(stores))]
        if draw(st.booleans()):
            search["max_num_results"] = draw(st.integers(1, 50))
        if draw(st.booleans()):
            search["ranking_options"] = {"score_threshold": draw(st.sampled_from([0.0, 0.5, 1.0]))}
        made.append({"file_search": search})
    return made


@st.composite
def assistants(draw, name, stores, ignoring):
    written = {"name": name, "model": draw(st.sampled_from(["gpt-4o", "gpt-5"])), "metadata": draw(METADATA)}
    optional = {
        "display_name": TEXT,
        "description": TEXT,
        "temperature": st.sampled_from([0.0, 0.3, 1.0, 2.0]),
        "top_p": st.sampled_from([0.0, 0.5, 1.0]),
        "reasoning_effort": st.sampled_from(["low", "high"]),
        "response_format": st.sampled_from(["auto", "text", "json_object"]),
        "tools": tools(stores),
    }
    for key, values in optional.items():
        if draw(st.booleans()):
            written[key] = draw(values)
    spec = Assistant.model_validate(written)
    instructions = draw(st.none() | TEXT)
    fields = assistant_fields(spec, instructions, draw(functions()))
    whole = frozenset({"tools"}) if spec.tools is not None else frozenset()
    choices = ["description", "metadata", "metadata.team", "tools.quiz", "temperature", "tools"]
    ignore = tuple(draw(st.lists(st.sampled_from(choices), max_size=2))) if ignoring else ()
    protect = draw(st.booleans()) if ignoring else False
    return Resource(Address(Kind.ASSISTANT, name), fields, whole, Position("a.yaml"), protect, ignore)


@st.composite
def stores(draw, name, ignoring):
    spec = VectorStore(name=name, metadata=draw(METADATA))
    labels = draw(st.none() | st.lists(st.sampled_from(LABELS), unique=True))
    files = {}
    for label in labels or ():
        entry = StoreFiles(
            path=label,
            attributes=draw(st.dictionaries(st.sampled_from(["topic", "year"]), st.integers(1, 3) | TEXT, max_size=2)),
            chunking=draw(st.sampled_from(["auto", Chunking(max_chunk_size_tokens=200, chunk_overlap_tokens=50)])),
        )
        files[label] = (draw(st.sampled_from(["aa", "bb"])), entry)
    fields = vector_store_fields(spec, files)
    whole = frozenset({"files"}) if labels is not None else frozenset()
    ignore = tuple(draw(st.lists(st.sampled_from(["files", "metadata"]), max_size=1))) if ignoring else ()
    return Resource(Address(Kind.VECTOR_STORE, name), fields, whole, Position("s.yaml"), False, ignore)


@st.composite
def projects(draw, ignoring=False):
    """Up to four resources; with `ignoring` also what `lifecycle` says."""
    store_names = draw(st.lists(st.sampled_from(STORE_NAMES), unique=True))
    made = [draw(stores(name, ignoring)) for name in store_names]
    for name in draw(st.lists(st.sampled_from(ASSISTANT_NAMES), unique=True)):
        made.append(draw(assistants(name, store_names, ignoring)))
    return {item.address: item for item in made}
