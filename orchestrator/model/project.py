"""A project: its targets as written, and everything its specs declare once they are resolved for one target."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.diagnostics import Diagnostic, Position
from orchestrator.model.address import Address, Kind, Name
from orchestrator.model.fields import Fields, digest, references
from orchestrator.model.judges import Judge
from orchestrator.model.language import NonEmpty, Secret, SecretCommand, Spec, Strict
from orchestrator.model.mocks import Place
from orchestrator.model.prices import Price
from orchestrator.model.scenario import Scenario
from orchestrator.model.scripted import ScriptedModel

STATE_FOLDER = ".orch"
"""Folder below the project for what orch keeps on this machine: the local database, locks, history; not for git."""


def _fit_for_a_file(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        message = (
            "a target may not be called {name}: use letters, digits, _, - and ., and begin with a letter or a digit"
        )
        raise PydanticCustomError("target_name", message, {"name": repr(name)})
    return name


TargetName = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_fit_for_a_file)]
"""What a target may be called; its own files in `STATE_FOLDER` bear the name."""


class Embeddings(Strict):
    """An endpoint that turns texts into vectors: `POST /embeddings`, as OpenAI, Ollama, vLLM and others have it."""

    base_url: NonEmpty = Field(description="Root of the API, for example http://127.0.0.1:11434/v1")
    model: NonEmpty = Field(description="Which model to ask it for")
    api_key: Secret | SecretCommand | None = Field(
        None, description="The key, by reference: {env: NAME}, or {command: COMMAND} that prints it"
    )


class Upstream(Strict):
    """An endpoint whose models answer: `POST /chat/completions`, as OpenAI, Ollama, vLLM and others have it."""

    base_url: NonEmpty = Field(description="Root of the API, for example http://127.0.0.1:11434/v1")
    api_key: Secret | SecretCommand | None = Field(
        None, description="The key, by reference: {env: NAME}, or {command: COMMAND} that prints it"
    )


class Target(Strict):
    """A named place to apply to."""

    provider: Literal["local", "assistants", "agents", "responses"] = Field(description="Which protocol it speaks")
    speaks: Literal["assistants", "agents", "responses"] = Field(
        "assistants", description="local: which protocol it speaks, to stand in for a target that does"
    )
    base_url: NonEmpty | None = Field(None, description="Root of the API, for example https://HOST/v1")
    query: dict[str, str] = Field(default_factory=dict, description="Query parameters every request carries")
    api_key: Secret | SecretCommand | None = Field(
        None, description="The key, by reference: {env: NAME}, or {command: COMMAND} that prints it"
    )
    db: NonEmpty | None = Field(None, description="local: the SQLite file, inside the project (.orch/local.db)")
    embeddings: Embeddings | None = Field(
        None, description="local: {base_url, model, api_key}: search by meaning as well as by words"
    )
    upstream: Upstream | None = Field(
        None, description="local: {base_url, api_key}; its models answer where no ScriptedModel has the name"
    )
    variables: dict[NonEmpty, Any] = Field(
        default_factory=dict, description="Values for {{ vars.NAME }}, over the project's own"
    )
    overrides: dict[NonEmpty, dict[str, Any]] = Field(
        default_factory=dict, description="Patches by address: keys given replace, null removes"
    )

    @model_validator(mode="after")
    def _only_local_stands_in(self) -> Self:
        if self.provider != "local" and "speaks" in self.model_fields_set:
            message = "`speaks` is for `provider: local`; this one speaks {provider}"
            raise PydanticCustomError("speaks", message, {"provider": self.provider})
        if self.provider != "local" and self.embeddings is not None:
            message = "`embeddings` is for `provider: local`; {provider} has its own search"
            raise PydanticCustomError("embeddings", message, {"provider": self.provider})
        if self.provider != "local" and self.upstream is not None:
            message = "`upstream` is for `provider: local`; {provider} has its own models"
            raise PydanticCustomError("upstream", message, {"provider": self.provider})
        return self

    @property
    def wire(self) -> str:
        """Which protocol is spoken to it; an assistant's settings under that name are for it."""
        return self.speaks if self.provider == "local" else self.provider


LiveAddress = Annotated[
    str, StringConstraints(pattern=r"^(assistant|vector_store)\.[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)
]
"""The address of what has an id of its own on a target, as it is written."""


class Moved(Strict):
    """A rename: what is live under the old address is taken for the new one."""

    from_: LiveAddress = Field(alias="from", description="The old address, for example assistant.old")
    to: LiveAddress = Field(description="The address it has now")

    @property
    def source(self) -> Address:
        """The old address."""
        return Address.parse(self.from_)

    @property
    def target(self) -> Address:
        """The new address."""
        return Address.parse(self.to)


class ProjectSpec(Spec):
    """The project file, orch.yaml."""

    kind: Literal["Project"] = "Project"
    name: Name = Field(description="Name of the project; owns the live objects")
    default_target: NonEmpty = Field("local", description="Target to use without --target")
    targets: dict[TargetName, Target] = Field(min_length=1, description="Targets by name")
    variables: dict[NonEmpty, Any] = Field(default_factory=dict, description="Values for {{ vars.NAME }}")
    env: list[NonEmpty] = Field(
        default_factory=list, description="Environment variables templates may read as env.NAME"
    )
    prices: dict[NonEmpty, Price] = Field(
        default_factory=dict, description="What models cost, by model: USD per million tokens"
    )
    moved: list[Moved] = Field(
        default_factory=list, description="Renames, each {from: ADDRESS, to: ADDRESS}; the live object is kept"
    )
    specs: list[NonEmpty] = Field(
        default_factory=lambda: ["**/*.yaml", "**/*.yml", "**/*.assistant.md"],
        description="Globs of the spec files, relative to the project file",
    )


@dataclass(frozen=True, slots=True)
class Resource:
    """One declared thing, resolved: what should be live."""

    address: Address
    fields: Fields
    """Declared fields only; one that is not here is left alone."""
    whole: frozenset[str]
    """Prefixes (`tools`, `files`) whose declared set is the whole set."""
    position: Position
    protect: bool = False
    ignore: tuple[str, ...] = ()
    sources: Mapping[str, str] | None = None
    """Where the contents of `files["LABEL"]` lie, by label."""
    locate: Callable[[str, str, str | None], Diagnostic] | None = field(default=None, compare=False, repr=False)
    """Makes a diagnostic at the place of a field; None where the resource stands in no file."""

    def diagnostic(self, path: str, message: str, hint: str | None = None) -> Diagnostic:
        """Make a message about the field at `path`, at its place in the specs."""
        if self.locate is None:
            return Diagnostic(message, self.position, hint)
        return self.locate(path, message, hint)

    @property
    def references(self) -> frozenset[Address]:
        """Addresses that must exist before this one."""
        return references(self.fields)


@dataclass(frozen=True, slots=True)
class LocatedScenario:
    """A scenario and where it is written."""

    scenario: Scenario
    position: Position
    path: Path
    """The file, absolute."""
    root: Path | None = None
    """Folder of orch.yaml, absolute: files that `python:` names lie below it."""
    price: Price | None = None
    """What the assistant's model costs, where the project says it."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """Values for {{ vars.NAME }}: the scenario's own over the target's and the project's."""
    mock_positions: Mapping[Place, Position] = field(default_factory=dict)
    """Where its mocks are written."""
    judges: Mapping[str, Judge] = field(default_factory=dict)
    """By name, those its checks ask; on the target each is the assistant of its name."""
    judge_prices: Mapping[str, Price] = field(default_factory=dict)
    """What their models cost, by the name of the judge, where the project says so."""
    target: str = ""
    """Name of the target it was resolved for."""
    case: Mapping[str, str] = field(default_factory=dict)
    """What tells it from the other cases of the scenario as written: model, variables of its matrix, row."""
    written_as: str = ""
    """Name of the scenario as written, where this is one of its cases."""
    model: str | None = None
    """The model that answers, where it is not the assistant's own."""
    documents: Mapping[str, str] = field(default_factory=dict)
    """Where the files that its assistant searches lie, by their paths in the project."""
    searches: bool = False
    """Whether a vector store of the name of its assistant is searched, and nobody talked to."""

    @property
    def subject(self) -> Address:
        """What it is about."""
        return Address(Kind.VECTOR_STORE if self.searches else Kind.ASSISTANT, self.scenario.assistant)

    @property
    def base(self) -> str:
        """Name of the scenario as written; that of a case has its brackets besides."""
        return self.written_as or self.scenario.name

    def label(self, with_target: bool) -> str:
        """Give its name as people read it, `with_target` where several targets are spoken of."""
        return f"{self.scenario.name} on {self.target}" if with_target else self.scenario.name


@dataclass(frozen=True, slots=True)
class Project:
    """Everything declared, resolved for one target."""

    name: str
    root: Path
    """Folder of orch.yaml, absolute."""
    target_name: str
    target: Target
    target_position: Position
    resources: Mapping[Address, Resource]
    scenarios: tuple[LocatedScenario, ...]
    models: tuple[ScriptedModel, ...]
    moved: Mapping[Address, Address] = field(default_factory=dict)
    """New addresses by old ones."""
    prices: Mapping[str, Price] = field(default_factory=dict)
    """What models cost, by model."""

    @property
    def endpoint(self) -> str:
        """Digest (hex) of where the target is and what it speaks; an address itself may be nobody's business."""
        target = self.target
        return digest([target.provider, target.speaks, target.base_url, target.query, target.db]).hex()
