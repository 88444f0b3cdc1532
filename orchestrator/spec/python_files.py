"""Functions of a project's own Python files, named `FILE:FUNCTION`: found when specs are loaded, never imported here.

`lib.checks:polite` is the function `polite` of `lib/checks.py` below the folder of orch.yaml.
"""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

from orchestrator.diagnostics import did_you_mean
from orchestrator.spec.files import inside, show


def python_file(root: Path, name: str) -> Path:
    """Give the file of `FILE:FUNCTION`."""
    return root.joinpath(*name.partition(":")[0].split(".")).with_suffix(".py")


class PythonFiles:
    """The Python files of one project; each is read once."""

    def __init__(self, root: Path, cwd: Path) -> None:
        self._root, self._cwd = root, cwd
        self._defined: dict[Path, dict[str, bool] | tuple[str, str]] = {}

    def why_not(self, name: str, takes: str = "exchanges", awaited: bool = False) -> tuple[str, str] | None:
        """Say why `FILE:FUNCTION` cannot be called, and what to do; None where nothing is seen.

        `takes` are the parameters it is meant to have; `awaited` is whether it may be async.
        """
        file, function = python_file(self._root, name), name.partition(":")[2]
        if file not in self._defined:
            self._defined[file] = self._read(file)
        defined = self._defined[file]
        if isinstance(defined, tuple):
            return defined
        shown = show(file, self._cwd)
        if function not in defined and "*" not in defined:
            hint = did_you_mean(function, defined) or f"write it: def {function}({takes})"
            return f"{shown} defines no `{function}`", hint
        if defined.get(function) and not awaited:
            return f"`{function}` in {shown} is async", "write a plain function: it is called, not awaited"
        return None

    def _read(self, file: Path) -> dict[str, bool] | tuple[str, str]:
        """Give the names a file defines, and whether each is async; or what is wrong with it and what to do."""
        shown = show(file, self._cwd)
        if not inside(self._root, file):
            return f"{shown} lies outside the project", f"keep it below {show(self._root, self._cwd)}/"
        if not os.path.isfile(file):
            return f"there is no file {shown}", "FILE:FUNCTION names a file below the folder of orch.yaml, without .py"
        try:
            return dict(_defined(ast.parse(file.read_bytes()).body))
        except SyntaxError as error:
            return f"{shown} is not Python: line {error.lineno}: {error.msg}", "fix the file"
        except (OSError, ValueError, RecursionError) as error:
            return f"{shown} cannot be read: {error}", "fix the file"


def _defined(body: list[ast.stmt]) -> Iterator[tuple[str, bool]]:
    """Give the names that statements define, and whether each is an async function."""
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.ClassDef():
                yield statement.name, False
            case ast.AsyncFunctionDef():
                yield statement.name, True
            case ast.Import() | ast.ImportFrom():
                yield from ((alias.asname or alias.name, False) for alias in statement.names)
            case ast.Assign() | ast.AnnAssign():
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                yield from ((target.id, False) for target in targets if isinstance(target, ast.Name))
            case ast.If() | ast.Try() | ast.With():
                yield from _defined(statement.body)
                yield from _defined(getattr(statement, "orelse", []))
                for handler in getattr(statement, "handlers", []):
                    yield from _defined(handler.body)
