"""What is misshapen in a document, in the words of its author: what stands there, what belongs there, what to do."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from orchestrator.diagnostics import Diagnostic, counted, did_you_mean, nearest
from orchestrator.model.language import PYTHON_NAME, Spec
from orchestrator.spec.outline import Form, forms_at
from orchestrator.spec.reader import Document, Path_

WORDS = {
    "string_type": "text",
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_HINTS = {
    "^[a-z0-9]+(-[a-z0-9]+)*$": "use lower case letters, digits and single dashes, for example math-tutor",
    "^[a-zA-Z0-9_-]{1,64}$": "use letters, digits, _ and -, at most 64",
    PYTHON_NAME: "write FILE:FUNCTION, for example checks:polite for the function polite of checks.py",
    r"^(assistant|vector_store)\.[a-z0-9]+(-[a-z0-9]+)*$": "write an address: assistant.NAME or vector_store.NAME",
    "^[A-Za-z_][A-Za-z0-9_]*$": "write the name of an environment variable, for example OPENAI_API_KEY",
}
_SAID_WHOLE = frozenset(
    ["count", "json", "code", "weight", "repeat", "when", "overlap", "one_action", "judge", "quorum", "matrix"]
)
"""Faults whose message says everything."""
_SECRETS = frozenset(["api_key"])
_SECRET_HINT = (
    "write {env: NAME}, the name of an environment variable, or {command: COMMAND} that prints it; "
    "keep the key itself out of files"
)


class Fault(NamedTuple):
    """One thing that is wrong with a value, as the model tells it."""

    path: Path_
    type: str
    message: str
    given: Any
    context: dict[str, Any]
    """Limits and expected words, by their names."""
    of_key: bool
    """Whether the key itself is wrong, not its value."""

    @property
    def is_of_form(self) -> bool:
        """Tell whether it says only that a value of another type belongs here."""
        return self.type in WORDS or self.type == "literal_error"


def describe(document: Document, kind: type[Spec], faults: Sequence[Fault], data: Any) -> list[Diagnostic]:
    """Give a message for every place where something is wrong; `data` is the document's, as it was judged."""
    by_path: dict[Path_, list[Fault]] = {}
    for fault in faults:
        by_path.setdefault(fault.path, []).append(fault)
    unknown = [path for path, group in by_path.items() if group[0].type == "extra_forbidden"]
    found = []
    for path, group in by_path.items():
        deeper = any(len(other) > len(path) and other[: len(path)] == path for other in by_path)
        if deeper and all(fault.is_of_form for fault in group):
            continue  # the value can be written in several ways; the deeper message speaks of the one used
        if group[0].type == "missing" and any(_meant(other, path) for other in unknown):
            continue  # it stands there, misspelt, and that is said
        found.append(_describe_place(document, kind, group, data))
    return found


def _meant(unknown: Path_, missing: Path_) -> bool:
    return unknown[:-1] == missing[:-1] and nearest(str(unknown[-1]), [str(missing[-1])]) is not None


def _describe_place(document: Document, kind: type[Spec], group: list[Fault], data: Any) -> Diagnostic:
    fault = min(group, key=lambda each: each.is_of_form)  # of several forms, the one that came further says more
    path = fault.path
    name = str(path[-1]) if path else "it"
    if _SECRETS.intersection(path):
        key = next(part for part in path if part in _SECRETS)
        # Without the line itself: it may hold the secret.
        return Diagnostic(f"`{key}` is not a reference to a secret", document.position(path), _SECRET_HINT)
    if fault.type == "missing":
        purposes = (form.keys.get(name) for form in forms_at(kind, path[:-1]))
        return document.diagnostic(f"`{name}` is missing", path, next((text for text in purposes if text), None))
    if fault.type == "extra_forbidden":
        hint = _unknown_key_hint(kind, path, _value_at(data, path[:-1]))
        return document.diagnostic(f"unknown key `{name}`", path, hint, key=True)
    if fault.type == "reserved_name":
        return document.diagnostic(fault.message, (*path, fault.context["key"]), "give it another name")
    if fault.type in ("tool", "mock", "check"):
        return _describe_form(document, kind, fault)
    if fault.type in ("reserved", "unknown_field", "target_name"):
        message, _, hint = fault.message.partition(": ")
        return document.diagnostic(message, path, hint, key=fault.of_key)
    if fault.type == "pattern":
        return document.diagnostic(
            fault.message, path, r"write \ before a character meant as itself: \( \[ \. \* \+ \?"
        )
    if fault.type in _SAID_WHOLE:
        return document.diagnostic(fault.message, path)
    subject = f"the key `{name}`" if fault.of_key else _subject(path)
    if fault.is_of_form:
        return document.diagnostic(f"{subject} must be {_alternatives(group)}", path, _form_hint(kind, group))
    return document.diagnostic(f"{subject} {_sentence(fault)}", path, _limit_hint(fault), key=fault.of_key)


def _subject(path: Path_) -> str:
    key = next((part for part in reversed(path) if isinstance(part, str)), "value")
    return f"`{key}`" if path and path[-1] == key else f"an item of `{key}`"


def _value_at(data: Any, path: Path_) -> Any:
    for part in path:
        data = data[part]
    return data


def _unknown_key_hint(kind: type[Spec], path: Path_, mapping: dict[str, Any]) -> str:
    name = str(path[-1])
    forms = forms_at(kind, path[:-1])
    rivals = [key for key in mapping if any(key in form.required for form in forms)]
    if name in rivals:
        return f"only one of {', '.join(rivals)} can stand here"
    meant = [form for form in forms if any(key in form.required for key in mapping)]
    chosen = meant or [form for form in forms if any(key in form.keys for key in mapping)] or forms
    known = sorted({key for form in chosen for key in form.keys})
    return did_you_mean(name, known) or f"known here: {', '.join(known) or 'no key'}"


def _describe_form(document: Document, kind: type[Spec], fault: Fault) -> Diagnostic:
    """Speak of a tool, mock or check of which nobody can tell which one is meant."""
    what, _, hint = fault.message.partition(": ")
    known = [key for form in forms_at(kind, fault.path) for key in form.required]
    word = fault.given
    if isinstance(word, dict):
        extra = {key for form in forms_at(kind, fault.path) for key in form.keys}
        word = next((key for key in word if key not in extra), next(iter(word), None))
    if not isinstance(word, str):
        return document.diagnostic(what, fault.path, hint)
    hint = (did_you_mean(word, known) if word not in known else None) or hint
    return document.diagnostic(f"`{word}` is {what}", fault.path, hint)


def _alternatives(group: Sequence[Fault]) -> str:
    types = {fault.type for fault in group}
    words = [word for fault in group for word in _expected(fault)]
    named = dict.fromkeys(word for type_, word in WORDS.items() if type_ in types)
    if "a number" in named:
        named.pop("a whole number", None)
    every = [*words, *named]
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} or {every[-1]}"


def _expected(fault: Fault) -> list[str]:
    """Give the words a value may be one of."""
    text = str(fault.context.get("expected", "")) if fault.type == "literal_error" else ""
    return [word.strip("' ") for word in text.replace(" or ", ",").split(",") if word]


def _form_hint(kind: type[Spec], group: Sequence[Fault]) -> str | None:
    given, types, path = group[0].given, {fault.type for fault in group}, group[0].path
    words = [word for fault in group for word in _expected(fault)]
    meant = did_you_mean(given, words) if isinstance(given, str) else None
    if given is None:
        return "give it a value, or leave the key out"
    if meant is not None:
        return meant
    if isinstance(given, str) and path[:1] == ("tools",) and words:
        return f"a function is written `function: {given}`"
    if "string_type" in types and isinstance(given, bool | int | float):
        return f'quote it: "{str(given).lower() if isinstance(given, bool) else given}"'
    if isinstance(given, str) and types & {"int_type", "float_type"} and _is_number(given):
        return "write it without quotes"
    if "bool_type" in types and isinstance(given, str):
        return "only true and false are booleans"
    if types & {"model_type", "model_attributes_type"}:
        return _mapping_hint(forms_at(kind, path))
    return "begin each item with a dash" if "list_type" in types else None


def _mapping_hint(forms: Sequence[Form]) -> str | None:
    keys = list(dict.fromkeys(key for form in forms for key in form.required or sorted(form.keys)))
    return f"write it with its {'key' if len(keys) == 1 else 'keys'}: {', '.join(keys)}" if keys else None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _sentence(fault: Fault) -> str:
    limits = fault.context
    match fault.type:
        case "too_short" | "string_too_short" if limits.get("min_length") == 1:
            return "must not be empty"
        case "too_short":
            return f"must have at least {counted(limits['min_length'], 'item')}, not {len(fault.given)}"
        case "too_long":
            most = limits["max_length"]
            return f"must have at most {counted(most, 'item')}, not {len(fault.given)}"
        case "string_too_long":
            return f"must have at most {limits['max_length']:,} characters, not {len(fault.given):,}"
        case "less_than_equal":
            return f"must be at most {limits['le']:g}"
        case "greater_than_equal":
            return f"must be at least {limits['ge']:g}"
        case "less_than":
            return f"must be below {limits['lt']:g}"
        case "greater_than":
            return f"must be above {limits['gt']:g}"
        case "string_pattern_mismatch":
            return f"may not be {fault.given!r}"
    return f"is wrong: {fault.message}"


def _limit_hint(fault: Fault) -> str | None:
    return _HINTS.get(str(fault.context.get("pattern", "")))
