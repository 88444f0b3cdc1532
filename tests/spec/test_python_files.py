"""Functions of a project's own are found by reading, and nothing of a project is run while specs are loaded."""

import pytest

from orchestrator.spec.python_files import PythonFiles, python_file

CODE = """\
raise SystemExit("this is never run")
from somewhere import borrowed, other as renamed
import json

def plain(): ...
async def later(): ...
class Callable: ...
made = plain
typed: object = plain
if made:
    def chosen(): ...
else:
    def otherwise(): ...
try:
    import fast as quick
except ImportError:
    quick_too = None
"""


@pytest.fixture
def why_not(write):
    root = write({"checks.py": CODE, "lib/more.py": "from elsewhere import *\n", "broken.py": "def f(:\n"})
    return PythonFiles(root, root).why_not


@pytest.mark.parametrize(
    "name",
    ["plain", "Callable", "made", "typed", "borrowed", "renamed", "json", "chosen", "otherwise", "quick", "quick_too"],
)
def test_a_name_the_file_defines(why_not, name):
    assert why_not(f"checks:{name}") is None


def test_names_that_come_from_elsewhere_may_be_there(why_not):
    assert why_not("lib.more:anything") is None


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("checks:plian", "checks.py defines no `plian`", "did you mean `plain`?"),
        ("checks:xyz", "checks.py defines no `xyz`", "write it: def xyz(exchanges)"),
        ("checks:other", "checks.py defines no `other`", "did you mean `otherwise`?"),
        ("checks:later", "`later` in checks.py is async", "write a plain function: it is called, not awaited"),
        ("gone:f", "there is no file gone.py", "FILE:FUNCTION names a file below the folder of orch.yaml, without .py"),
        ("lib:f", "there is no file lib.py", "FILE:FUNCTION names a file below the folder of orch.yaml, without .py"),
        ("broken:f", "broken.py is not Python: line 1: invalid syntax", "fix the file"),
    ],
)
def test_a_function_that_cannot_be_called(why_not, name, message, hint):
    assert why_not(name) == (message, hint)


def test_nothing_outside_the_project_is_read(write, tmp_path):
    write({"outside.py": "def f(): ...\n", "project/orch.yaml": ""})
    root = tmp_path / "project"
    (root / "checks.py").symlink_to(tmp_path / "outside.py")
    assert PythonFiles(root, tmp_path).why_not("checks:f") == (
        "project/checks.py lies outside the project",
        "keep it below project/",
    )


def test_folders_are_separated_by_dots(tmp_path):
    assert python_file(tmp_path, "a.b.c:f") == tmp_path / "a" / "b" / "c.py"
