"""The house: imports go down, a library has one home, and what can be counted stays within the budget."""

import ast
import re
import statistics
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "orchestrator"
FILES = sorted(PACKAGE.rglob("*.py"))

# Top floor first. Names on one row do not know of each other.
FLOORS = [
    ["cli", "pytest_plugin", "releases", "bridge"],
    ["project", "reporting"],
    ["reconcile", "scenario"],
    ["providers"],
    ["spec", "server"],
    ["model"],
    ["errors"],
    ["diagnostics"],
]
LEVEL = {name: level for level, row in enumerate(FLOORS) for name in row}
# Narrower rules: (importer, imported, the only doors, why).
CLOSED = [
    ("reconcile", "providers", {"providers.interface"}, "the reconciler knows the interface only"),
    ("scenario", "providers", {"providers.interface"}, "the runner knows the interface only"),
    ("reporting", "providers", {"providers.interface"}, "a report is made from values"),
    ("reconcile.planner", "reconcile.execute", set[str](), "planning knows nothing of acting"),
    ("server", "model", set[str](), "the server speaks the wire, not the spec"),
]
PURE = [
    "reconcile.adopt",
    "reconcile.breaking",
    "reconcile.diff",
    "reconcile.draft",
    "reconcile.drift",
    "reconcile.elsewhere",
    "reconcile.fitting",
    "reconcile.graph",
    "reconcile.guards",
    "reconcile.live_stores",
    "reconcile.lookalikes",
    "reconcile.model_uses",
    "reconcile.naming",
    "reconcile.picks",
    "reconcile.plan",
    "reconcile.planner",
    "reconcile.record",
    "reconcile.refusals",
    "reconcile.retiring",
    "reconcile.rollback",
    "reconcile.uses",
    "scenario.budget",
    "scenario.by_model",
    "scenario.check_calls",
    "scenario.check_citations",
    "scenario.check_evidence",
    "scenario.check_numbers",
    "scenario.check_structure",
    "scenario.check_text",
    "scenario.check_trajectory",
    "scenario.checks",
    "scenario.cleaning",
    "scenario.combining",
    "scenario.comparison",
    "scenario.costs",
    "scenario.drafting",
    "scenario.judge_prompt",
    "scenario.matching_calls",
    "scenario.merging",
    "scenario.repeating",
    "scenario.report_format",
    "scenario.reports",
    "scenario.resuming",
    "scenario.seen",
    "scenario.scripting",
    "scenario.sequences",
    "scenario.sequential",
    "scenario.statistics",
    "scenario.voting",
    "providers._retry",
    "server.models.completions",
    "providers.agents_turn",
    "providers.agents_wire",
    "providers.assistants_talks",
    "providers.assistants_wire",
    "providers.beyond",
    "providers.export_shape",
    "providers.responses_wire",
    "providers.stores_wire",
    "spec.carrying",
    "model.file_names",
    "model.file_renames",
    "server.agents.objects",
    "server.objects",
    "server.responses.calls",
    "server.responses.items",
    "server.responses.requests",
    "server.responses.tools",
]
WORKING = {"asyncio", "os", "pathlib", "subprocess", "time", "random", "datetime"}
VALUES = {"datetime.date", "datetime.datetime", "pathlib.PurePosixPath"}  # types; asking the clock is looked for
SEEDED = "scenario.statistics"  # draws from a generator of its own, which always begins alike
DIALECTS = ["agents", "assistants", "responses"]
# A third-party library has one home, or the few places named here.
HOMES = {
    "click": ["cli"],
    "rich": ["cli", "reporting"],
    "pytest": ["pytest_plugin"],
    "_pytest": ["pytest_plugin"],
    "yaml": ["spec"],
    "ruamel": ["spec.writer"],
    "jinja2": ["spec.template"],
    "jsonschema": ["spec.schema"],
    "jmespath": ["spec.queries"],
    "rapidfuzz": ["scenario.check_text", "server.knowledge.terms"],
    "openai": ["providers._client"],
    "httpx2": ["providers"],
    "starlette": ["server"],
    "uvicorn": ["server"],
    "sqlite3": [
        "server.store",
        "server.knowledge.search_index",
        "server.knowledge.vectors",
        "server.knowledge.indexing",  # its errors: a full disk today may have room tomorrow
        "server.runs.engine",  # the same
    ],
    "pypdf": ["server"],
    "docx": ["server.knowledge.documents_office"],
    "pptx": ["server.knowledge.documents_office"],
    "lxml": ["server.knowledge.documents_office"],
    "numpy": ["server.knowledge.nearest"],
    "jupyter_client": ["server"],
    "pydantic": ["model", "spec.shape", "reconcile.saved", "scenario.recording_file", "scenario.results_log"],
    "pydantic_core": ["model", "spec.shape"],
    "pathspec": ["spec.ignoring"],
    "filelock": ["spec.sole_writer"],
}


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def imports() -> Iterator[tuple[str, str]]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((dotted(path), alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: imports are absolute"
                yield from ((dotted(path), f"{node.module}.{alias.name}") for alias in node.names)


IMPORTS = sorted(set(imports()))


def test_every_module_has_a_floor():
    found = {path.relative_to(PACKAGE).with_suffix("").parts[0] for path in FILES}
    assert found - {"__init__", "__main__"} == set(LEVEL)


def test_imports_go_down():
    wrong = []
    for importer, imported in IMPORTS:
        package, _, inner = imported.partition(".")
        if package != "orchestrator" or importer in ("", "__main__") or inner.startswith("__version__"):
            continue
        here, there = importer.partition(".")[0], inner.partition(".")[0]
        if here != there and LEVEL[there] <= LEVEL[here]:
            wrong.append(f"{importer} may not import {inner}")
    assert not wrong


@pytest.mark.parametrize(("source", "closed", "doors", "why"), CLOSED, ids=[rule[3] for rule in CLOSED])
def test_some_doors_are_closed(source, closed, doors, why):
    for importer, imported in IMPORTS:
        inner = imported.removeprefix("orchestrator.")
        if within(importer, source) and imported != inner and within(inner, closed):
            assert any(within(inner, door) for door in doors), f"{importer} imports {inner}: {why}"


def test_a_library_has_one_home():
    wrong = []
    for importer, imported in IMPORTS:
        homes = HOMES.get(imported.partition(".")[0])
        if homes is not None and not any(within(importer, home) for home in homes):
            wrong.append(f"{importer} imports {imported}, whose home is {homes}")
    assert not wrong


def test_dialects_do_not_know_each_other():
    """Nor does the provider in memory, which knows none of them; the local target is any of them."""
    wrong = []
    for importer, imported in IMPORTS:
        here = importer.removeprefix("providers.").partition("_")[0]
        there = imported.removeprefix("orchestrator.providers.").partition(".")[0].partition("_")[0]
        if within(importer, "providers") and here in [*DIALECTS, "memory"] and there in DIALECTS and here != there:
            wrong.append(f"{importer} imports {imported}")
    assert not wrong


@pytest.mark.parametrize("module", PURE)
def test_what_decides_does_no_work(module):
    used = {imported for importer, imported in IMPORTS if importer == module}
    assert used, f"{module} is gone: name its successor here"
    working = {imported.partition(".")[0] for imported in used - VALUES} & WORKING
    assert not working - ({"random"} if module == SEEDED else set())
    path = PACKAGE.joinpath(*module.split(".")).with_suffix(".py")
    called = {node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)}
    assert not {func.attr for func in called if isinstance(func, ast.Attribute)} & {"now", "today", "utcnow"}


def test_what_calls_itself_pure_is_held_to_it():
    openings = {dotted(path): ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "" for path in FILES}
    said = {name for name, text in openings.items() if re.search(r"\bPure\b|[:,] pure\b", text)}
    assert not said - set(PURE)


def nodes() -> Iterator[tuple[Path, ast.AST]]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path, node


def test_modules_stay_small():
    sizes = {dotted(path): path.read_text(encoding="utf-8").count("\n") for path in FILES}
    assert statistics.median(sizes.values()) <= 150
    assert not {name: size for name, size in sizes.items() if size > 500}
    assert sizes["project"] <= 200


def test_functions_stay_small_and_import_nothing():
    long, lazy = [], []
    for path, node in nodes():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > 100:
                long.append(f"{dotted(path)}.{node.name}")
            inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
            lazy += [f"{dotted(path)}:{n.lineno}" for n in inner]
    assert not long
    assert not lazy


def test_no_except_hides():
    """`except BaseException` may tidy up where it raises again; nothing else is broad."""
    broad = [
        f"{dotted(path)}:{node.lineno}"
        for path, node in nodes()
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
        and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
    ]
    assert not broad


def test_nothing_is_left_for_later():
    marks = []
    for path in [*FILES, *sorted((PACKAGE.parent / "tests").rglob("*.py"))]:
        with path.open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                if token.type == tokenize.COMMENT and any(m in token.string for m in ("TODO", "FIXME", "XXX")):
                    marks.append(f"{path.name}:{token.start[0]}")
    assert not marks


def test_an_exception_from_a_rule_gives_its_reason():
    """`type: ignore` and `noqa` are allowed where the same line says why, after a second `#`."""
    bare = []
    for path in FILES:
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            for mark in ("# type: ignore", "# noqa"):
                if mark in line and "#" not in line.split(mark, 1)[1]:
                    bare.append(f"{dotted(path)}:{number}")
    assert not bare


def test_no_switch_called_dry_run():
    for path, node in nodes():
        names = [n.arg for n in ast.walk(node) if isinstance(n, ast.arg)]
        assert "dry_run" not in names, path
