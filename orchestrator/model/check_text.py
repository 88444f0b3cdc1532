"""Checks of a text: the reply, or what code printed."""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from orchestrator.model.language import Count, NonEmpty, Pattern, Strict, key_among
from orchestrator.model.weighted import Weighted


class TextCheck(Weighted):
    """A check that may look away from upper and lower case."""

    ignore_case: bool = Field(False, description="Ignore upper and lower case")


class Contains(TextCheck):
    """The reply contains this text."""

    contains: NonEmpty


class ContainsAll(TextCheck):
    """The reply contains every one of these texts."""

    contains_all: list[NonEmpty] = Field(min_length=1)


class ContainsAny(TextCheck):
    """The reply contains one of these texts or more."""

    contains_any: list[NonEmpty] = Field(min_length=1)


class Equals(TextCheck):
    """The reply is this text, but for white space around it."""

    equals: str


class Regex(TextCheck):
    """The reply matches this regular expression somewhere."""

    regex: Pattern


class StartsWith(TextCheck):
    """The reply begins with this text, but for white space before it."""

    starts_with: NonEmpty


class Likeness(Strict):
    """How like a text, by edit distance."""

    to: NonEmpty = Field(description="The text to resemble")
    min: float = Field(0.8, ge=0, le=1, description="Least similarity: 1 is identical, 0 has nothing in common")


class Similar(TextCheck):
    """Few characters have to be edited to make the reply this text."""

    similar: Likeness


class Words(Weighted):
    """The reply has so many words; white space separates them."""

    words: Count


TEXT_CHECKS = ("contains", "contains_all", "contains_any", "equals", "regex", "starts_with", "similar", "words")


def _tag(value: Any) -> str | None:
    return key_among(value, TEXT_CHECKS)


AnyTextCheck = Annotated[
    Annotated[Contains, Tag("contains")]
    | Annotated[ContainsAll, Tag("contains_all")]
    | Annotated[ContainsAny, Tag("contains_any")]
    | Annotated[Equals, Tag("equals")]
    | Annotated[Regex, Tag("regex")]
    | Annotated[StartsWith, Tag("starts_with")]
    | Annotated[Similar, Tag("similar")]
    | Annotated[Words, Tag("words")],
    Discriminator(
        _tag,
        custom_error_type="check",
        custom_error_message="not a check of a text: write one of " + ", ".join(TEXT_CHECKS),
    ),
]
