"""Jinja2 in text that is already parsed, so that text never becomes structure. The only home of Jinja2.

Templates are sandboxed and strict: an unknown name is an error that says which names there are. `vars.NAME`,
`target.name` and `env.NAME` are known at load; some fields are rendered later over other names (`Spec.LATER`).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jinja2
import jinja2.meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from orchestrator.diagnostics import nearest
from orchestrator.errors import OrchError

MAX_TEXT = 10 * 1024 * 1024


class TemplateError(OrchError):
    """A template that cannot be rendered; `line` is counted from 1 within its text, `name` is what it lacks."""

    def __init__(self, message: str, line: int = 1, hint: str | None = None, name: str | None = None) -> None:
        super().__init__(message, hint)
        self.line = line
        self.name = name


class Scope(Mapping[str, Any]):
    """A named set of values a template may use, such as `vars`; text among them may itself be a template."""

    def __init__(self, label: str, values: Mapping[str, Any], hint: str) -> None:
        self.label = label
        self.hint = hint
        self._values = values
        self._done: dict[str, Any] = {}
        self._open: list[str] = []
        self._context: Callable[[], Mapping[str, Any]] = dict

    def rendered_over(self, context: Callable[[], Mapping[str, Any]]) -> "Scope":
        """Render text values over this context when they are read."""
        self._context = context
        return self

    def __getitem__(self, key: str) -> Any:
        if key not in self._done:
            raw = self._values[key]
            if key in self._open:
                circle = " -> ".join([*self._open[self._open.index(key) :], key])
                raise TemplateError(
                    f"{self.label} refer to each other in a circle: {circle}",
                    hint="give one of them a plain value",
                    name=f"{self.label}.{key}",
                )
            self._open.append(key)
            try:
                self._done[key] = _render_values(raw, self._context)
            finally:
                self._open.pop()
        return self._done[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _render_values(value: Any, context: Callable[[], Mapping[str, Any]]) -> Any:
    match value:
        case str():
            return render(value, context()) if is_template(value) else value
        case dict():
            return {key: _render_values(item, context) for key, item in value.items()}
        case list():
            return [_render_values(item, context) for item in value]
        case _:
            return value


class _Undefined(jinja2.StrictUndefined):
    """Says which name is missing and which is near."""

    @property
    def _undefined_message(self) -> str:
        name = str(self._undefined_name)
        if isinstance(self._undefined_obj, Scope):
            return f"{self._undefined_obj.label}.{name} is not defined"
        if self._undefined_obj is jinja2.utils.missing:
            return f"{name} is not defined"
        return f"there is no {name!r} here"


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which names come before methods, and no operator makes huge values."""

    intercepted_binops = frozenset(["*", "**"])

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            if attribute in obj:
                return obj[attribute]
            if isinstance(obj, Scope):
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" and (abs(left) > 1e6 or abs(right) > 100):
            raise TemplateError("a power in a template is too large", hint="compute it outside")
        if operator == "*":
            for text, times in ((left, right), (right, left)):
                if isinstance(text, str | list | tuple) and isinstance(times, int) and len(text) * times > MAX_TEXT:
                    raise TemplateError("a repetition in a template is too large", hint="compute it outside")
        return super().call_binop(context, operator, left, right)


def _no_includes(name: str) -> str:
    raise TemplateError(f"{{% include {name!r} %}} is for prompt files", hint="write the text here")


_ENVIRONMENT = _Environment(
    undefined=_Undefined, loader=jinja2.FunctionLoader(_no_includes), keep_trailing_newline=True, autoescape=False
)


def is_template(text: str) -> bool:
    """Tell whether a text has anything to render."""
    return "{{" in text or "{%" in text or "{#" in text


def render(text: str, context: Mapping[str, Any], include: Callable[[str], str] | None = None) -> str:
    """Render a text; `include` gives the text of `{% include "NAME" %}` and decides what may be read.

    Raises `TemplateError`.
    """
    if not is_template(text):
        return text
    environment = _ENVIRONMENT
    if include is not None:
        environment = environment.overlay(loader=jinja2.FunctionLoader(include))
    try:
        return environment.from_string(text).render(context)
    except jinja2.UndefinedError as error:
        raise _undefined(str(error), text, context) from None
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"not a valid template: {error.message}", error.lineno, _SYNTAX_HINT) from None
    except jinja2.TemplateError as error:
        raise TemplateError(f"cannot render the template: {error.message}", hint=_SYNTAX_HINT) from None
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
        raise TemplateError(f"cannot render the template: {error or type(error).__name__}", hint=_SYNTAX_HINT) from None


_SYNTAX_HINT = "templates are Jinja2; write {% raw %}...{% endraw %} around braces meant as text"


def _undefined(message: str, text: str, context: Mapping[str, Any]) -> TemplateError:
    full = message.removesuffix(" is not defined")
    scope, _, name = full.partition(".")
    holder = context.get(scope)
    known: Mapping[str, Any] = holder if name and isinstance(holder, Mapping) else context
    near = nearest(name or scope, known)
    if near:
        hint = f"did you mean `{scope}.{near}`?" if name else f"did you mean `{near}`?"
    elif isinstance(holder, Scope):
        hint = holder.hint
    else:
        hint = f"there are: {', '.join(sorted(known)) or 'none'}"
    line = text.count("\n", 0, max(text.find(full), 0)) + 1
    return TemplateError(message, line, hint, full)


def check_later(text: str, names: frozenset[str]) -> None:
    """Check a template that is rendered later: its syntax, and that it uses no names but these.

    Raises `TemplateError`.
    """
    if not is_template(text):
        return
    try:
        used = jinja2.meta.find_undeclared_variables(_ENVIRONMENT.parse(text))
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"not a valid template: {error.message}", error.lineno, _SYNTAX_HINT) from None
    for name in sorted(used - names):
        raise TemplateError(
            f"{name} is not defined here",
            text.count("\n", 0, max(text.find(name), 0)) + 1,
            f"this template may use {', '.join(sorted(names))}",
            name,
        )


def render_later(text: str, values: Mapping[str, object]) -> str:
    """Render a template whose context has come to be known; raises `TemplateError`."""
    return render(text, values)


def includes(text: str) -> list[tuple[str, int]]:
    """Give the file names a text includes, each with its line; a text that is no valid template has none."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        found += [(match.group(2), number) for match in _INCLUDE.finditer(line)]
    return found


_INCLUDE = re.compile(r"""\{%-?\s*include\s+(["'])(.+?)\1""")
