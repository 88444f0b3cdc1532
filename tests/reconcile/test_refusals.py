import pytest

from orchestrator.diagnostics import Diagnostic, Position
from orchestrator.model.address import Address, Kind
from orchestrator.model.project import Resource
from orchestrator.providers.interface import Capabilities, Capability, Limit
from orchestrator.reconcile.refusals import refusals

TUTOR = Address(Kind.ASSISTANT, "tutor")
ALL = frozenset(Capability)
LIMITS = (
    Limit("description", "leave it out"),
    Limit("tools.*.strict", "say false", values=(True,)),
    Limit("tools.file_search", "use a function"),
)


def found(fields, can=ALL, limits=LIMITS, locate=None):
    resource = Resource(TUTOR, fields, frozenset(), Position("a.yaml", 3), locate=locate)
    return [(item.message, item.hint) for item in refusals(resource, Capabilities(can, {}, limits), "t")]


@pytest.mark.parametrize(
    ("fields", "message", "hint"),
    [
        ({"description": "d"}, "target t cannot take `description`, which assistant.tutor declares", "leave it out"),
        (
            {"tools.f": "function", "tools.f.strict": True},
            "target t cannot take `tools.f.strict: true`, which assistant.tutor declares",
            "say false",
        ),
    ],
)
def test_a_limit_is_said_with_what_to_write_instead(fields, message, hint):
    assert found(fields) == [(message, hint)]


def test_a_value_that_means_nothing_there_may_stand():
    assert found({"tools.f": "function", "tools.f.strict": False, "description": None}) == []


def test_a_missing_tool_is_said_once_and_by_its_limit():
    fields = {"tools.file_search": "file_search", "tools.file_search.max_num_results": 3}
    message = "target t has no file search, which assistant.tutor asks for with `tools.file_search`"
    assert found(fields, ALL - {Capability.FILE_SEARCH}) == [(message, "use a function")]


def test_a_tool_of_one_wire_alone_is_no_function():
    fields = {"tools.agents:mcp:docs": {"type": "mcp"}}
    assert found(fields, ALL - {Capability.FUNCTIONS}) == []


def test_it_stands_where_the_field_is_written():
    def locate(path, message, hint):
        return Diagnostic(f"{path}: {message}", Position("a.yaml", 9), hint)

    ((message, _),) = found({"description": "d"}, locate=locate)
    assert message.startswith("description: target t")
