"""From a target's settings to its provider, and the settings each one needs."""

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from urllib.parse import urlsplit

from orchestrator.diagnostics import Diagnostic
from orchestrator.errors import SpecError
from orchestrator.model.language import Secret, SecretCommand
from orchestrator.model.project import Embeddings, Project, Target, Upstream
from orchestrator.providers import agents_wire, assistants_wire, responses_wire
from orchestrator.providers.interface import Capabilities, Provider
from orchestrator.providers.keys import CommandKey

OPENAI = "https://api.openai.com/v1"
_EXAMPLE = "for example base_url: https://HOST/v1"
Opener = Callable[[Project, Mapping[str, str]], Awaitable[Provider]]


async def open_provider(project: Project, env: Mapping[str, str]) -> Provider:
    """Open the project's target; `env` is where secrets are read from.

    Raises `SpecError` at the target's settings for what is missing there, `OrchError` for what cannot be opened.
    """
    return await PROVIDERS[project.target.provider](project, env)


# A provider's module is imported when its target is opened: what is wrong with the settings is said at once, without
# the client; a remote target needs neither starlette nor SQLite.


async def _open_local(project: Project, env: Mapping[str, str]) -> Provider:
    asked, upstream = project.target.embeddings, project.target.upstream
    place = None if upstream is None else _checked_place(project, upstream, env)
    embedder = endpoint = None
    if asked is not None:
        url, key = _checked_place(project, asked, env)
        embedder = import_module("orchestrator.providers.embeddings").RemoteEmbedder(url, asked.model, key)
    if place is not None:
        endpoint = import_module("orchestrator.providers.upstream").RemoteEndpoint(*place)
    opened: Provider = await import_module("orchestrator.providers.local").open_local(project, embedder, endpoint)
    return opened


def _checked_place(
    project: Project, place: Embeddings | Upstream, env: Mapping[str, str]
) -> tuple[str, str | CommandKey | None]:
    """Give the address and the key of an endpoint that the local target asks."""
    return _checked_url(project, place.base_url), _read_secret(project, place.api_key, env)


async def _open_assistants(project: Project, env: Mapping[str, str]) -> Provider:
    url, key = _read_url(project), _read_key(project, env)
    module = import_module("orchestrator.providers.assistants")
    opened: Provider = await module.open_assistants(url, key, project.target.query)
    return opened


async def _open_agents(project: Project, env: Mapping[str, str]) -> Provider:
    url = _read_url(project) if project.target.base_url is not None else OPENAI
    key = _read_key(project, env)
    module = import_module("orchestrator.providers.agents")
    opened: Provider = await module.open_agents(url, key, project.target.query)
    return opened


async def _open_responses(project: Project, env: Mapping[str, str]) -> Provider:
    url = _read_url(project) if project.target.base_url is not None else OPENAI
    key = _read_key(project, env)
    module = import_module("orchestrator.providers.responses")
    releases = module.releases_of(project.root, project.target_name)
    opened: Provider = await module.open_responses(url, key, project.target.query, releases)
    return opened


def _read_url(project: Project) -> str:
    written = project.target.base_url
    if written is None:
        raise _problem(project, "lacks `base_url`", f"say where it is, {_EXAMPLE}")
    return _checked_url(project, written)


def fault_of_url(written: str) -> tuple[str, str] | None:
    """Say what is wrong with the address of an API, and what to write instead; None where it is one and no more.

    The address itself is not quoted: it may hold a password.
    """
    try:
        parts = urlsplit(written)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        usable = False
    if not usable or not written.isprintable():
        return "is no address", f"write an http or https address, {_EXAMPLE}"
    if "@" in parts.netloc:
        return "holds a user or a password", "a key goes under `api_key:`, for example api_key: {env: NAME}"
    if "?" in written:
        return (
            "has a query, which would be lost",
            "write it under `query:` of the target, for example {api-version: ...}",
        )
    return ("has a `#`, which is never sent", "leave out what follows it") if "#" in written else None


def _checked_url(project: Project, written: str) -> str:
    if (fault := fault_of_url(written)) is not None:
        raise _problem(project, f"has a `base_url` that {fault[0]}", fault[1])
    return written


def _read_key(project: Project, env: Mapping[str, str]) -> str | CommandKey | None:
    return _read_secret(project, project.target.api_key, env)


def _read_secret(
    project: Project, secret: Secret | SecretCommand | None, env: Mapping[str, str]
) -> str | CommandKey | None:
    if secret is None:
        return None
    if isinstance(secret, SecretCommand):
        return CommandKey(secret.command, project.root)
    value = env.get(secret.env, "").strip()
    if not value:
        what = f"lacks its key: the environment variable {secret.env} is not set"
        raise _problem(project, what, f"export {secret.env}=...")
    if not value.isascii() or not value.isprintable():  # it could not be sent, and the refusal would quote it
        what = f"has no usable key: the environment variable {secret.env} holds characters that no key has"
        raise _problem(project, what, f"export {secret.env}=... again, on one line")
    return value


def _problem(project: Project, what: str, hint: str) -> SpecError:
    return SpecError([Diagnostic(f"target {project.target_name} {what}", project.target_position, hint)])


PROVIDERS: Mapping[str, Opener] = {
    "local": _open_local,
    "assistants": _open_assistants,
    "agents": _open_agents,
    "responses": _open_responses,
}

CAPABILITIES: Mapping[str, Capabilities] = {
    "local": assistants_wire.EMBEDDED,
    "assistants": assistants_wire.CAPABILITIES,
    "agents": agents_wire.CAPABILITIES,
    "responses": responses_wire.CAPABILITIES,
}
"""What each provider can do, without opening one; the README's table is made from this."""


def get_capabilities(target: Target) -> Capabilities:
    """Give what a target can do, without opening it."""
    if target.provider == "local" and target.speaks == "assistants":
        return assistants_wire.EMBEDDED
    return CAPABILITIES[target.wire]
