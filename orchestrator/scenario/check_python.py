"""Checking by a function of the project's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestrator.model.checks import PythonCheck
from orchestrator.scenario.callables import CallableError, call
from orchestrator.scenario.quoting import cut
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.transcript import Exchange
from orchestrator.scenario.verdicts import CheckError

_HINT = "return True or False, a score from 0 to 1, or a pair of one of these and a reason"


def check_python(check: PythonCheck, exchanges: Sequence[Exchange], root: Path | None) -> Verdict:
    """Check `python`: the function gets the exchanges, one of a turn, all of a conversation, and says.

    Raises `CheckError` where it cannot be called, raises, or returns nothing that can be read.
    """
    if root is None:
        raise CheckError(f"{check.python} belongs to a project, and none is known here")
    try:
        given = call(root, check.python, tuple(exchanges))
    except CallableError as error:
        raise CheckError(f"{check.python} could not judge: {error.message}", error.hint) from error
    said, reason = given if _is_pair(given) else (given, "")
    if not isinstance(said, bool | int | float) or not 0 <= said <= 1:
        raise CheckError(f"{check.python} returned {cut(repr(given))}", _HINT)
    score = float(said)
    holds = said if isinstance(said, bool) else score >= check.min
    told = reason or f"{check.python} says {said}"
    return Verdict("python", holds, score, told if holds else _why(check, said, told))


def _is_pair(given: Any) -> bool:
    return isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], str)


def _why(check: PythonCheck, said: bool | float, told: str) -> str:
    wanted = f"{check.python} to say True" if isinstance(said, bool) else f"a score of {check.min:g} or more"
    return f"expected: {wanted}\ngot:      {told if isinstance(said, bool) else f'{said:g}: {told}'}"
