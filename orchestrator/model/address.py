"""The name of a declared thing, stable over targets and ids: `assistant.math-tutor`."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

MAX_NAME = 64
_NAME = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
Name = Annotated[str, StringConstraints(pattern=_NAME.pattern, max_length=MAX_NAME)]
"""What a spec may be called: lower case letters, digits and single dashes."""


def is_name(text: str) -> bool:
    """Tell whether a spec may be called so."""
    return len(text) <= MAX_NAME and _NAME.fullmatch(text) is not None


class Kind(StrEnum):
    """The kinds that exist on a target; functions live inside assistants, files inside vector stores."""

    ASSISTANT = "assistant"
    VECTOR_STORE = "vector_store"


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A resource's name within its project."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `kind.name`; raises ValueError where the kind is not one that exists on a target."""
        kind, dot, name = text.partition(".")
        if not dot or not name:
            raise ValueError(f"{text!r} is not an address; write KIND.NAME, for example assistant.math-tutor")
        return cls(Kind(kind), name)
