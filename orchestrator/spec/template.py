"""Jinja2 in text that is already parsed, so that text never becomes structure. The only home of Jinja2.

Templates are sandboxed and strict: an unknown name is an error that says which names there are. `vars.NAME`,
`target.name` and `env.NAME` are known at load; some fields are rendered later over other names (`Spec.LATER`).
"""

import functools
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NamedTuple, cast

import jinja2
import jinja2.meta
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from orchestrator.diagnostics import did_you_mean, nearest
from orchestrator.spec.template_limits import (
    MAX_TEXT,
    CircleError,
    TemplateError,
    check_arguments,
    check_format,
    check_operation,
)

__all__ = ["Include", "Scope", "TemplateError", "check_later", "includes", "is_template", "render", "render_later"]


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

    def settle(self, values: Mapping[str, Any]) -> None:
        """Add values that are taken as they are, over those of the same name: text among them is no template."""
        self._values = {**self._values, **values}
        self._done.update(values)

    def __getitem__(self, key: str) -> Any:
        if key not in self._done:
            raw = self._values[key]
            if key in self._open:
                circle = " -> ".join([*self._open[self._open.index(key) :], key])
                raise CircleError(
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


class _MissingError(jinja2.UndefinedError):
    """An undefined name, with what it was looked for in."""

    def __init__(self, holder: Any, name: Any, message: str | None = None) -> None:
        super().__init__(message)
        self.holder, self.name = holder, name


class _Undefined(jinja2.StrictUndefined):
    """Says which name is missing, and from what."""

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = jinja2.utils.missing,
        name: str | None = None,
        exc: type[jinja2.TemplateRuntimeError] = jinja2.UndefinedError,
    ) -> None:
        if exc is jinja2.UndefinedError:  # the sandbox gives its own error for what is not safe
            exc = cast(type[jinja2.TemplateRuntimeError], functools.partial(_MissingError, obj, name))
        super().__init__(hint, obj, name, exc)

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint.rstrip(".")
        name: Any = self._undefined_name
        match self._undefined_obj:
            case Scope(label=label):
                return f"{label}.{name} is not defined"
            case jinja2.utils.missing:
                return f"{name} is not defined"
            case list() | tuple() | str() as items if isinstance(name, int):
                return f"there is no item {name}: there are {len(items)}, counted from 0"
            case Mapping():
                return f"there is no {str(name)!r} here"
            case other:
                word = {
                    "str": "text",
                    "int": "a number",
                    "float": "a number",
                    "bool": "true or false",
                    "list": "a list",
                }
                return f"{word.get(type(other).__name__, type(other).__name__)} has no {str(name)!r}"


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which names come before methods, nothing is random, and no operator makes huge values."""

    intercepted_binops = frozenset(["*", "**", "%"])

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self._item(obj, attribute) if isinstance(obj, Mapping) else super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self._item(obj, argument) if isinstance(obj, Scope) else super().getitem(obj, argument)

    def _item(self, obj: Mapping[Any, Any], name: Any) -> Any:
        try:
            if name in obj:
                return obj[name]
        except TemplateError as error:  # of the variable's own template: here it is known by the variable's name
            full = f"{obj.label}.{name}" if isinstance(obj, Scope) else str(name)
            if isinstance(error, CircleError):
                raise CircleError(error.message, hint=error.hint, name=full) from None
            raise TemplateError(f"in {full}: {error.message}", hint=error.hint, name=full) from None
        return self.undefined(obj=obj, name=name) if isinstance(obj, Scope) else super().getattr(obj, name)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        check_operation(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        check_arguments(*args, **kwargs)
        return super().call(context, obj, *args, **kwargs)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        if (wrapped := super().wrap_str_format(value)) is not None:
            check_format(str(value.__self__))
        return wrapped


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)  # keeps the mark that says what the filter wants to be given first
    def call(*args: Any, **kwargs: Any) -> Any:
        check_arguments(*args, **kwargs)
        if name == "format":
            check_format(str(args[0]))
        return function(*args, **kwargs)

    return call


def _printable(value: Any) -> Any:
    """Refuse what prints as an address in memory: it would differ with every run, and is never meant."""
    if isinstance(value, jinja2.Undefined):
        return value
    if isinstance(value, Scope):
        message, hint = f"{value.label} is not one value", f"name one of them: {value.label}.NAME"
    elif isinstance(value, Iterator):
        message, hint = "a sequence is not text", "end it with | join(', '), or with | list"
    elif callable(value):
        message, hint = f"{getattr(value, '__name__', 'this')} is a function, not text", "call it: NAME(...)"
    else:
        return value
    raise TemplateError(message, hint=hint)


def _no_includes(name: str) -> str:
    raise TemplateError(f"{{% include {name!r} %}} is for prompt files", hint="write the text here")


_ENVIRONMENT = _Environment(
    undefined=_Undefined,
    loader=jinja2.FunctionLoader(_no_includes),
    keep_trailing_newline=True,
    autoescape=False,
    finalize=_printable,
)
# The same specs give the same plan: nothing is drawn by lot.
del _ENVIRONMENT.globals["lipsum"], _ENVIRONMENT.filters["random"]
_ENVIRONMENT.filters.update({name: _bounded(name, one) for name, one in _ENVIRONMENT.filters.items()})
# What Python raises when a template does to values what cannot be done, or is nested too deeply to be compiled.
_RAISED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    NameError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
_SYNTAX_HINT = "templates are Jinja2; write {% raw %}...{% endraw %} around braces meant as text"


def is_template(text: str) -> bool:
    """Tell whether a text has anything to render."""
    return "{{" in text or "{%" in text or "{#" in text


@functools.lru_cache(maxsize=1024)
def _compiled(text: str) -> jinja2.Template:
    """Compile a text once: the cases of a scenario render the same ones over different values."""
    template = _ENVIRONMENT.from_string(text)
    template.globals = dict(template.globals)  # a chain of mappings by itself, which is slow to copy at each rendering
    return template


def render(text: str, context: Mapping[str, Any], include: Callable[[str], str] | None = None) -> str:
    """Render a text; `include` gives the text of `{% include "NAME" %}` and decides what may be read.

    Raises `TemplateError`, and nothing else.
    """
    if not is_template(text):
        return text
    environment = _ENVIRONMENT
    if include is not None:
        read = include
        environment = environment.overlay(loader=jinja2.FunctionLoader(lambda name: (read(name), name, None)))
    with _one_error(context):
        pieces: list[str] = []
        size = 0
        template = _compiled(text) if include is None else environment.from_string(text)
        for piece in template.generate(context):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_TEXT:
                raise TemplateError("the rendered text is larger than 10 MB", hint="repeat less")
        return "".join(pieces)


@contextmanager
def _one_error(context: Mapping[str, Any]) -> Iterator[None]:
    """Turn whatever a template raises into a `TemplateError` that knows its line and its part."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warns of odd escapes in the code a template is compiled to
            yield
    except jinja2.TemplateSyntaxError as error:
        message = f"not a valid template: {str(error.message).rstrip('.')}"
        raise TemplateError(message, error.lineno, _SYNTAX_HINT, part=_part(error.name)) from None
    except _MissingError as error:
        line, part = _place(error.__traceback__)
        hint, name = _explain(error, context)
        raise TemplateError(str(error.message), line, hint, name, part) from None
    except TemplateError as error:
        error.line, error.part = _place(error.__traceback__)
        raise
    except (jinja2.TemplateError, *_RAISED) as error:
        line, part = _place(error.__traceback__)
        text = str(error).rstrip(".") or type(error).__name__
        raise TemplateError(f"cannot render the template: {text}", line, part=part) from None


def _place(traceback: TracebackType | None) -> tuple[int, str | None]:
    """Give the innermost line of a template that an error passed, and the include it stands in."""
    line, part = 1, None
    while traceback is not None:
        scope = traceback.tb_frame.f_globals
        if "__jinja_template__" in scope or "__jinja_exception__" in scope:
            name = traceback.tb_frame.f_code.co_filename
            line, part = traceback.tb_lineno, _part(name)
        traceback = traceback.tb_next
    return max(line, 1), part


def _part(name: str | None) -> str | None:
    """Give the included text's name; what Jinja2 calls a text of no file is no name."""
    return None if name is None or name.startswith("<") else name


def _explain(error: _MissingError, context: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Give a hint for a missing name, and the name as it is written."""
    if error.name is None:
        return None, None
    name = str(error.name)
    if error.holder is jinja2.utils.missing:
        return _suggest(name, context), name
    if not isinstance(error.holder, Mapping):
        return None, name
    label = f"{error.holder.label}." if isinstance(error.holder, Scope) else ""
    near = nearest(name, [str(key) for key in error.holder])
    if near is None and isinstance(error.holder, Scope):
        return error.holder.hint, label + name
    return f"did you mean `{label}{near}`?" if near else _suggest(name, error.holder), label + name


def _suggest(name: str, known: Mapping[Any, Any] | frozenset[str]) -> str:
    names = sorted(str(one) for one in known)
    return did_you_mean(name, names) or f"there are: {', '.join(names) or 'none'}"


def check_later(text: str, names: frozenset[str]) -> None:
    """Check a template that is rendered later: its syntax, and that it uses no names but these.

    Raises `TemplateError`.
    """
    if not is_template(text):
        return
    with _one_error({}):
        tree = _ENVIRONMENT.parse(text)
        used = jinja2.meta.find_undeclared_variables(tree) - names - set(_ENVIRONMENT.globals)
        _ENVIRONMENT.compile(text)  # knows filters and tests by name
    for one in sorted(tree.find_all(nodes.Name), key=lambda node: node.lineno):
        if one.name in used:
            hint = _suggest(one.name, names)
            raise TemplateError(f"{one.name} is not defined here", one.lineno, hint, one.name)
    for include in _find_includes(tree):
        raise TemplateError(
            f"{{% include {include.name!r} %}} is for prompt files", include.line, "write the text here"
        )


def render_later(text: str, values: Mapping[str, object]) -> str:
    """Render a template whose context has come to be known; raises `TemplateError`."""
    return render(text, values)


class Include(NamedTuple):
    """A text that another one includes."""

    name: str
    line: int
    """Line of the text that includes it, from 1."""


def includes(text: str) -> list[Include]:
    """Give what a text includes; raises `TemplateError` where it is no valid template or hides a name."""
    if not is_template(text):
        return []
    with _one_error({}):
        tree = _ENVIRONMENT.parse(text)
    return list(_find_includes(tree))


def _find_includes(tree: nodes.Template) -> Iterator[Include]:
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        if not (isinstance(node, nodes.Include) and isinstance(node.template, nodes.Const)):
            hint = 'write {% include "part.md" %}'
            raise TemplateError("an include names one file in quotes", node.lineno, hint)
        yield Include(str(node.template.value), node.lineno)
