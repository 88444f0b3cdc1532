"""What every written document shares: strictness, secrets, and the fields whose templates are rendered later."""

import re
import shlex
import warnings
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

NonEmpty = Annotated[str, StringConstraints(min_length=1)]
Json = dict[str, Any]


def _as_day(value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        day = None
    if day is None or day.isoformat() != value:  # Python also reads 20260301 and 2026-W09-7; people do not
        raise PydanticCustomError("day", "{value} is no day: write it as 2026-03-01", {"value": repr(value)})
    return day


Day = Annotated[date, BeforeValidator(_as_day)]
"""A day, written as 2026-03-01."""


def _not_ours(key: str) -> str:
    if key.startswith("orch."):
        raise PydanticCustomError(
            "reserved", "the key `{key}` is orch's own: keys may not begin with orch.", {"key": key}
        )
    return key


OwnKey = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_not_ours)]
"""A key of the author's own, in metadata or attributes: `orch.` is reserved for the ownership record."""
MetadataValue = Annotated[str, StringConstraints(max_length=512)]
Metadata = Annotated[dict[OwnKey, MetadataValue], Field(max_length=16)]
"""At most 16 pairs, keys up to 64 and values up to 512 characters (API facts 4.1); `orch.` is reserved."""


def _compiles(pattern: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a later Python may read `[[` in another way; this one takes it
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        message = "not a regular expression: {why}"
        raise PydanticCustomError("pattern", message, {"why": str(error)}) from None
    return pattern


Pattern = Annotated[str, StringConstraints(min_length=1), AfterValidator(_compiles)]
"""A regular expression of Python's `re`, searched anywhere in a text."""
PYTHON_NAME = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"
PythonName = Annotated[str, StringConstraints(pattern=PYTHON_NAME)]
"""A function of the project's own, `FILE:FUNCTION`; folders are separated by dots, as in an import."""


class Strict(BaseModel):
    """A mapping whose keys are all known; values are not converted (the text "1" is no number)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class Count(Strict):
    """How many, from `min` to `max`."""

    min: int = Field(0, ge=0)
    max: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _min_is_not_above_max(self) -> Self:
        if self.max is not None and self.min > self.max:
            raise PydanticCustomError("count", "min is above max")
        if not self.model_fields_set:
            raise PydanticCustomError("count", "says no number: give min, max or both")
        return self


class Spec(Strict):
    """A document of the language: the model of one kind."""

    LATER: ClassVar[dict[str, frozenset[str]]] = {}
    """Templates rendered later: path pattern (`*` is any key or index, `#` any index) to the names they may use."""


def _splits(command: str) -> str:
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words:
        raise PydanticCustomError("command", "is no command: a quote is not closed, or nothing stands there")
    return command


class Secret(Strict):
    """A secret by reference; its value is read when it is used and written nowhere."""

    env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = Field(
        description="Name of the environment variable that holds it"
    )


class SecretCommand(Strict):
    """A secret that a command prints, such as a cloud's access token; asked for again once it has expired."""

    command: Annotated[NonEmpty, AfterValidator(_splits)] = Field(
        description="Command that prints it, run in the project's folder without a shell"
    )


class FileText(Strict):
    """A text kept in a file of its own, such as a Markdown prompt."""

    file: NonEmpty = Field(description="Path of the file, relative to the spec that names it; inside the project")


def key_among(value: Any, keys: Sequence[str]) -> str | None:
    """Tell which of these keys a mapping or a model has: the one that says what it is."""
    if isinstance(value, Strict):
        return next((key for key in keys if key in _keys(type(value))), None)
    return next((key for key in keys if key in value), None) if isinstance(value, dict) else None


@cache
def _keys(model: type[Strict]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}
