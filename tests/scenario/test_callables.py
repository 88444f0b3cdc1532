"""Functions of a project's own: read once, by themselves, and never able to end a run."""

import sys

import pytest

from orchestrator.scenario.callables import CallableError, call


@pytest.fixture
def write(tmp_path):
    def one(text, name="mine.py"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return tmp_path

    return one


def test_a_function_below_the_project(write):
    assert call(write("def twice(n):\n    return 2 * n\n", "lib/mine.py"), "lib.mine:twice", 4) == 8


def test_a_file_is_read_once_and_leaves_nothing_behind(write):
    root = write("calls = []\ndef count():\n    calls.append(1)\n    return len(calls)\n")
    before = list(sys.path)
    assert [call(root, "mine:count") for _ in range(3)] == [1, 2, 3]
    assert sys.path == before
    assert [file.name for file in root.iterdir()] == ["mine.py"]


def test_classes_know_their_module(write):
    text = "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    n: int\n"
    assert call(write(text + "def make():\n    return A(1).n\n"), "mine:make") == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def f():\n    raise ValueError('one\\ntwo')\n", "mine.py:2: ValueError: one two"),
        ("def g():\n    raise KeyError('x')\n\ndef f():\n    g()\n", "mine.py:2: KeyError: 'x'"),
        ("import json\ndef f():\n    json.loads('{')\n", "mine.py:3: json.decoder.JSONDecodeError"),
        ("import nothing_of_that_name\n", "mine.py:1: ModuleNotFoundError: No module named"),
        ("def f(:\n", "mine.py:1: SyntaxError"),
        ("def f(a):\n    pass\n", "mine.py: TypeError: f() missing 1 required positional argument: 'a'"),
        ("", "mine.py: AttributeError: module"),
        ("async def f():\n    pass\n", "mine.py: f is async"),
        ("import sys\ndef f():\n    sys.exit(3)\n", "mine.py:3: SystemExit: 3"),
    ],
)
def test_what_goes_wrong_is_told_with_its_place(write, text, why):
    with pytest.raises(CallableError) as caught:
        call(write(text), "mine:f")
    assert caught.value.message.startswith(why)


def test_a_file_that_is_not_there_or_not_inside(write, tmp_path):
    with pytest.raises(CallableError, match=r"gone\.py: FileNotFoundError"):
        call(tmp_path, "gone:f")
    root = tmp_path / "project"
    root.mkdir()
    write("def f():\n    return 1\n")
    (root / "mine.py").symlink_to(tmp_path / "mine.py")
    with pytest.raises(CallableError, match="lies outside the project"):
        call(root, "mine:f")


def test_an_interrupt_is_not_the_functions_own(write):
    with pytest.raises(KeyboardInterrupt):
        call(write("def f():\n    raise KeyboardInterrupt\n"), "mine:f")
