import pytest

from orchestrator.model.address import Address, Kind
from orchestrator.spec.loader import Ask, load

SPECS = """\
kind: Project
name: p
targets: {local: {provider: local, speaks: agents, overrides: {assistant.a: {temperature: 1}}}}
---
kind: Assistant
name: a
model: m
tools:
  - file_search: {max_num_results: 3}
  - {function: f}
agents:
  verbosity: low
  tools:
    - {mcp: {server_label: docs, server_url: "https://x"}}
metadata: {team: a}
---
kind: Function
name: f
display_name: g
strict: false
"""


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        ("model", 7, 1),
        ("display_name", 6, 1),
        ("tools.file_search", 9, 5),
        ("tools.file_search.max_num_results", 9, 19),
        ("tools.g", 10, 5),
        ("tools.g.strict", 20, 1),
        ("tools.g.description", 17, 1),
        ("agents.verbosity", 12, 3),
        ("tools.agents:mcp:docs", 14, 7),
        ("metadata.team", 15, 12),
        ("temperature", 3, 78),
        ("tools.gone", 8, 1),
        ("top_p", 5, 1),
    ],
)
def test_each_field_has_its_place(tmp_path, path, line, column):
    (tmp_path / "orch.yaml").write_text(SPECS)
    resource = load(Ask(tmp_path, tmp_path)).resources[Address(Kind.ASSISTANT, "a")]
    position = resource.diagnostic(path, "message").position
    assert (position.line, position.column) == (line, column)
