"""Where `orch migrate --from` reads: a target of the project in this folder, or an address that is in none."""

import os
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from orchestrator.cli.loading import asking
from orchestrator.cli.messages import show_note
from orchestrator.diagnostics import Position, counted
from orchestrator.errors import NoProjectError, UsageError
from orchestrator.model.language import Secret
from orchestrator.model.project import Project, Target
from orchestrator.providers.assistants import AssistantsProvider
from orchestrator.providers.assistants_dump import Dump
from orchestrator.providers.registry import open_provider
from orchestrator.spec.loader import load_head

SOURCE = "--from"
"""Where such a target is written, in messages."""
_ID = re.compile(r"[A-Za-z0-9_-]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def get_source(where: str, key_name: str | None, variables: tuple[str, ...]) -> Project:
    """Give the target to read: an http(s) address with its key in the variable `key_name`, or a name of a target.

    Raises `SpecError` where there is no such target, `UsageError` for a key where the target names its own.
    """
    if "://" not in where:
        if key_name is not None:
            raise UsageError("--api-key-env goes with an address", f"target {where} names its own key in orch.yaml")
        try:
            return load_head(asking(Path(), where, variables))
        except NoProjectError as error:
            hint = "give an address (https://HOST/...), or run this in the folder of the project that has the target"
            raise UsageError(f"--from {where}: there is no project here, and no address", hint) from error
    if key_name is not None and not _NAME.fullmatch(key_name):
        raise UsageError("--api-key-env takes the name of an environment variable", "for example FOUNDRY_TOKEN")
    try:
        parts = urlsplit(where)
    except ValueError as error:
        raise UsageError(f"--from is no address: {error}", "for example https://HOST/v1") from error
    target = Target(
        provider="assistants",
        base_url=urlunsplit(parts._replace(query="", fragment="")),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        api_key=Secret(env=key_name) if key_name is not None else None,
    )
    return Project("source", Path.cwd(), parts.hostname or SOURCE, target, Position(SOURCE), {}, (), ())


def read_threads(file: Path) -> list[str]:
    """Read ids of threads, one a line; what follows a `#` is a remark. Raises `UsageError`."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: {error}", "give a text file with one thread id per line") from error
    ids = [(number, line.partition("#")[0].strip()) for number, line in enumerate(lines, 1)]
    for number, id in ids:
        if id and not _ID.fullmatch(id):
            raise UsageError(f"{file}:{number}: this is not a thread id", "one per line, for example thread_abc123")
    return list(dict.fromkeys(id for _, id in ids if id))


async def fetch_source(source: Project, threads: list[str], concurrency: int) -> Dump:
    """Read the target and say how much that was; raises `OrchError` where that fails, or where it speaks otherwise."""
    provider = await open_provider(source, os.environ)
    try:
        if not isinstance(provider, AssistantsProvider):
            message = f"target {source.target_name} speaks {source.target.wire}: there is nothing to migrate from"
            raise UsageError(message, "`orch import` makes specs of what is live on it")
        dump = await provider.export(threads, concurrency)
    finally:
        await provider.close()
    if dump.is_empty():
        raise UsageError(
            f"{source.target_name}: there are no assistants, vector stores or threads", "check the address"
        )
    show_note(f"read {dump.counts()} in {counted(provider.requests.total, 'request')}")
    return dump
