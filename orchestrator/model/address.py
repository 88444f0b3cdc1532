"""The name of a declared thing, stable over targets and ids: `assistant.math-tutor`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
"""What a spec may be called: lower case letters, digits and single dashes."""


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
