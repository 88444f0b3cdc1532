"""From a target's settings to its provider, and the settings each one needs."""

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module

from orchestrator.diagnostics import Diagnostic
from orchestrator.errors import SpecError
from orchestrator.model.project import Project
from orchestrator.providers._client import Client
from orchestrator.providers.assistants import BETA, AssistantsProvider
from orchestrator.providers.assistants import CAPABILITIES as ASSISTANTS
from orchestrator.providers.interface import Capabilities, Provider

Opener = Callable[[Project, Mapping[str, str]], Awaitable[Provider]]


async def open_provider(project: Project, env: Mapping[str, str]) -> Provider:
    """Open the project's target; `env` is where secrets are read from.

    Raises `SpecError` at the target's settings for what is missing there, `TargetError` for what cannot be opened.
    """
    return await PROVIDERS[project.target.provider](project, env)


async def _open_local(project: Project, env: Mapping[str, str]) -> Provider:
    # The embedded server is loaded for this target only: a remote one needs neither starlette nor SQLite.
    opened: Provider = await import_module("orchestrator.providers.local").open_local(project)
    return opened


async def _open_assistants(project: Project, env: Mapping[str, str]) -> Provider:
    target = project.target
    if target.base_url is None:
        raise _missing(project, "`base_url`", "say where it is, for example base_url: https://HOST/v1")
    return AssistantsProvider(Client(target.base_url, _read_key(project, env), target.query, headers=BETA))


def _read_key(project: Project, env: Mapping[str, str]) -> str | None:
    secret = project.target.api_key
    if secret is None:
        return None
    value = env.get(secret.env, "").strip()
    if not value:
        raise _missing(
            project, f"its key: the environment variable {secret.env} is not set", f"export {secret.env}=..."
        )
    return value


def _missing(project: Project, what: str, hint: str) -> SpecError:
    return SpecError([Diagnostic(f"target {project.target_name} lacks {what}", project.target_position, hint)])


PROVIDERS: Mapping[str, Opener] = {"local": _open_local, "assistants": _open_assistants}

CAPABILITIES: Mapping[str, Capabilities] = {"local": ASSISTANTS, "assistants": ASSISTANTS}
"""What each provider can do, without opening one; the README's table is made from this."""
