"""The project's own Python functions: read when they are first called, and what they raise kept from ending a run."""

import inspect
import sys
import traceback
from functools import cache
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from orchestrator.errors import OrchError
from orchestrator.spec.files import inside, show
from orchestrator.spec.python_files import python_file


class CallableError(OrchError):
    """A function of the project's own could not be read, or raised; the message has the place and the error."""


class _Kept:
    """Keeps what a project's own code raises. It may raise anything, and none of it is a defect of orch."""

    error: Exception | SystemExit | None = None

    def __enter__(self) -> "_Kept":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, Exception | SystemExit):
            self.error = error
        return self.error is not None


def call(root: Path, name: str, *arguments: Any) -> Any:
    """Call `FILE:FUNCTION` of the project below `root` and give what it returns; raises `CallableError`.

    A file is read once a process, by itself: nothing is added to where Python looks for modules, and no bytecode is
    written next to it.
    """
    file, function = python_file(root, name), name.partition(":")[2]
    shown = show(file, root)
    if not inside(root, file):
        raise CallableError(f"{shown} lies outside the project", "keep it below the folder of orch.yaml")
    given: Any = None
    with _Kept() as kept:
        given = getattr(_module(file), function)(*arguments)
    if kept.error is not None:
        raise CallableError(f"{shown}{_place(kept.error, file)}: {_last_line(kept.error)}")
    if inspect.iscoroutine(given):
        given.close()
        raise CallableError(f"{shown}: {function} is async", "write a plain function: it is called, not awaited")
    return given


@cache
def _module(file: Path) -> ModuleType:
    module = ModuleType(f"orch_python:{file}")
    module.__file__ = str(file)
    sys.modules[module.__name__] = module  # dataclasses look a class up by the module it names
    exec(compile(file.read_bytes(), str(file), "exec"), module.__dict__)
    return module


def _last_line(error: BaseException) -> str:
    """Give kind and text of an error, as a traceback ends, on one line."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"  # a traceback shows the line too
    return " ".join("".join(traceback.format_exception_only(error)).split())


def _place(error: BaseException, file: Path) -> str:
    """Give the deepest line of the file that had to do with the error, as `:LINE`; nothing where none had."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    if isinstance(error, SyntaxError) and error.filename == str(file):
        lines.append(error.lineno)
    return f":{lines[-1]}" if lines else ""
