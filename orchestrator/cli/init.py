"""`orch init`: a project to begin with, which validates, applies and passes its scenario at once."""

import re
from importlib.resources import files
from pathlib import Path

import click

from orchestrator.cli.examples import examples
from orchestrator.cli.messages import show_note
from orchestrator.errors import UsageError
from orchestrator.spec.schema import schema_file, schema_text
from orchestrator.spec.shape import KINDS

GITIGNORE = ".orch/\n"


@click.command(
    epilog=examples(
        "orch init demo && cd demo && orch apply && orch test",
    )
)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path, file_okay=False))
def command(folder: Path) -> int:
    """Write a small project that works at once.

    The project has a project file, an assistant with its prompt, a function, a scenario and a scripted model, so
    everything runs on this machine without a key. Without DIR it is written to the current folder. Nothing is
    overwritten.

    Exit codes: 0 done; 1 error; 64 wrong usage, or a file of that name exists already.
    """
    contents = _contents(project_name(folder))
    taken = [name for name in contents if name != ".gitignore" and (folder / name).exists()]
    if taken:
        raise UsageError(f"{folder / taken[0]} exists already", "choose an empty folder; nothing was written")
    for name, text in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(text, encoding="utf-8")
    shown = "" if folder == Path() else f"cd {folder} && "
    show_note(f"wrote {len(contents)} files to {folder}/\nnext: {shown}orch apply && orch test")
    return 0


def project_name(folder: Path) -> str:
    """Give a name for the project in a folder, after the folder."""
    words = re.findall(r"[a-z0-9]+", folder.absolute().name.lower())
    return "-".join(words)[:64].strip("-") or "assistants"


def _contents(name: str) -> dict[str, str]:
    starter = files("orchestrator") / "starter"
    texts = {file.name: file.read_text(encoding="utf-8") for file in starter.iterdir() if file.is_file()}
    texts["orch.yaml"] = texts["orch.yaml"].replace("{{ name }}", name)
    schemas = {f"schemas/{schema_file(kind)}": schema_text(kind) for kind in KINDS}
    return {**dict(sorted(texts.items())), ".gitignore": GITIGNORE, **schemas}
