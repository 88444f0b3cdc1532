"""What one scripted answer gives for one call: the text that is sent in place of the function's output."""

import json
from collections.abc import Mapping
from typing import Any, assert_never

from orchestrator.errors import OrchError
from orchestrator.model.conversation import Call
from orchestrator.model.mocks import Answer, ByPython, Fails, Malformed, Returns, Templated
from orchestrator.scenario.callables import CallableError, call_with
from orchestrator.scenario.quoting import as_text, cut
from orchestrator.scenario.setting import Setting
from orchestrator.spec.template import TemplateError, render_later


class MockError(OrchError):
    """Calls the scenario has no answer for; names each of them."""


async def give(answer: Answer, call: Call, earlier: list[Mapping[str, Any]], setting: Setting) -> str:
    """Give the output for a call; `earlier` are the calls of the conversation so far, as templates see them.

    Raises `MockError` where a template or a Python function cannot say. Does not wait as long as the answer says.
    """
    match answer:
        case Returns(returns=value):
            return as_text(value)
        case Fails(error=text):
            return as_text({"error": text})
        case Malformed(malformed=text):
            return text
        case Templated(template=template):
            return _rendered(template, call, earlier, setting)
        case ByPython(python=name):
            return await _asked(name, call, setting)
        case _:
            assert_never(answer)


def _rendered(template: str, call: Call, earlier: list[Mapping[str, Any]], setting: Setting) -> str:
    try:
        return render_later(template, {"arguments": call.arguments, "vars": setting.variables, "calls": earlier})
    except TemplateError as error:
        line = f"line {error.line} of its template: " if "\n" in template.strip() else ""
        raise MockError(f"{line}{error.message}", error.hint) from error


async def _asked(name: str, call: Call, setting: Setting) -> str:
    if setting.root is None:
        raise MockError(f"{name} belongs to a project, and none is known here")
    try:
        given = await call_with(setting.root, name, call.arguments)
    except CallableError as error:
        raise MockError(error.message, error.hint) from error
    try:
        return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise MockError(f"{name} returned {cut(repr(given))}: {error}", "return text, or what JSON can hold") from error
