"""What a target makes of resources is told field by field, from what the target declares and nothing else."""

import pytest

from orchestrator.diagnostics import Diagnostic, Position
from orchestrator.model.address import Address, Kind
from orchestrator.model.project import Resource
from orchestrator.providers.assistants_wire import DEFAULTS
from orchestrator.providers.interface import Capabilities, Capability, Limit
from orchestrator.providers.registry import CAPABILITIES
from orchestrator.reconcile.fitting import Fate, fit
from orchestrator.reconcile.refusals import refusals

TUTOR, PAPERS = Address(Kind.ASSISTANT, "tutor"), Address(Kind.VECTOR_STORE, "papers")
ALL = frozenset(Capability)
REPLY = {"json_schema": {"name": "quiz", "strict": True, "schema": {"type": "object"}}}
FIELDS = {
    "model": "m",
    "description": "d",
    "temperature": 0.2,
    "response_format": REPLY,
    "tools.file_search": "file_search",
    "tools.file_search.max_num_results": 3,
    "tools.f": "function",
    "tools.f.strict": True,
    "metadata.team": "maths",
}


def located(path, message, hint):
    return Diagnostic(message, Position("a.yaml", 9), hint)


def resource(fields, address=TUTOR):
    return Resource(address, fields, frozenset(), Position("a.yaml", 3), locate=located)


def fates(fields, capabilities, wires=(), address=TUTOR):
    told = fit([resource(fields, address)], capabilities, "t", wires, DEFAULTS)
    return {item.path: item.fate for item in told.fields}


def test_all_is_carried_by_a_target_that_can_do_all():
    told = fit([resource(FIELDS)], Capabilities(ALL, DEFAULTS), "t", (), DEFAULTS)
    assert {item.fate for item in told.fields} == {Fate.CARRIED}
    assert (told.count(Fate.CARRIED), dict(told.filled_in), dict(told.not_filled_in)) == (len(FIELDS), {}, {})


def test_agents_refuse_change_and_carry():
    assert fates(FIELDS, CAPABILITIES["agents"]) == {
        "model": Fate.CARRIED,
        "description": Fate.REFUSED,
        "temperature": Fate.REFUSED,
        "response_format": Fate.CHANGED,
        "tools.file_search": Fate.REFUSED,
        "tools.file_search.max_num_results": Fate.REFUSED,
        "tools.f": Fate.CARRIED,
        "tools.f.strict": Fate.REFUSED,
        "metadata.team": Fate.CARRIED,
    }


def test_what_is_kept_less_of_is_said_part_by_part():
    told = fit([resource({"response_format": REPLY})], CAPABILITIES["agents"], "t", (), DEFAULTS)
    [item] = told.fields
    assert item.diagnostic.position == Position("a.yaml", 9)
    assert item.diagnostic.message == (
        'target t keeps less of it: `response_format.json_schema.name` "quiz" becomes "reply"; '
        "`response_format.json_schema.strict` true becomes false"
    )


@pytest.mark.parametrize("provider", CAPABILITIES)
def test_what_is_refused_is_what_validate_refuses(provider):
    one, can = resource(FIELDS), CAPABILITIES[provider]
    told = fit([one], can, provider, (), DEFAULTS)
    refused = {item.diagnostic for item in told.fields if item.fate is Fate.REFUSED}
    assert refused == set(refusals(one, can, provider))


def test_what_belongs_to_another_wire_is_not_seen():
    fields = {"model": "m", "tools.agents:mcp:docs": {"type": "mcp"}, "agents.verbosity": "low", "agentsmith": 1}
    seen = fates(fields, Capabilities(ALL, {}), ["agents"])
    assert seen == {
        "model": Fate.CARRIED,
        "tools.agents:mcp:docs": Fate.UNSEEN,
        "agents.verbosity": Fate.UNSEEN,
        "agentsmith": Fate.CARRIED,
    }


def test_a_store_is_refused_whole_where_there_are_none():
    can = Capabilities(ALL - {Capability.VECTOR_STORES}, {})
    assert fates({"display_name": "P", "metadata.a": "b"}, can, address=PAPERS) == {
        "display_name": Fate.REFUSED,
        "metadata.a": Fate.REFUSED,
    }


def test_defaults_are_told_where_they_differ_and_count_for_somebody():
    filling = Capabilities(ALL, {Kind.ASSISTANT: {"temperature": 1, "verbosity": "medium"}})
    told = fit([resource({"tools.file_search": "file_search", "top_p": 1})], filling, "t", (), DEFAULTS)
    assert told.filled_in == {"verbosity": "medium"}
    assert set(told.not_filled_in) == {
        "response_format",
        "tools.file_search.max_num_results",
        "tools.file_search.ranking_options",
    }
    assert fit([resource({}, PAPERS)], filling, "t", (), DEFAULTS).filled_in == {}
    refusing = Capabilities(ALL - {Capability.FILE_SEARCH}, {}, (Limit("tools.file_search", "no"),))
    told = fit([resource({"tools.file_search": "file_search"})], refusing, "t", (), DEFAULTS)
    assert set(told.not_filled_in) == {"temperature", "top_p", "response_format"}
