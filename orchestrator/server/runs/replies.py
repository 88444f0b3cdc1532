"""Turning what a model wrote into the content of a message: citations, pictures, links to files.

Marks look as the hosted API's do: `【4:0†paper.pdf】` at the end of the text, the message's place in the thread and
the number of the citation before the file's name. Offsets are in characters.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from orchestrator.server.models.interface import FoundPassage
from orchestrator.server.store import Body

SANDBOX_FOLDER = "sandbox:/mnt/data/"
"""How a reply links to a file that code wrote."""


class Made(NamedTuple):
    """What the code of a run left behind, as file objects."""

    images: tuple[str, ...]
    """File ids."""

    files: tuple[tuple[str, str], ...]
    """Name, file id."""


def made_by(steps: Sequence[Body]) -> Made:
    """Collect what the code steps of a run produced."""
    calls = [
        call for step in steps for call in step["step_details"]["tool_calls"] if call["type"] == "code_interpreter"
    ]
    outputs = [output for call in calls for output in call["code_interpreter"]["outputs"]]
    images = tuple(output["image"]["file_id"] for output in outputs if output["type"] == "image")
    files = tuple((note["filename"], note["file_id"]) for call in calls for note in call.get("_files", ()))
    return Made(images, files)


def content(text: str, citations: Sequence[FoundPassage], place: int, made: Made) -> list[Body]:
    """Build a message's content: pictures first, then the text with its annotations."""
    annotations = [_path_note(match, file_id) for name, file_id in made.files for match in _links(text, name)]
    cited: dict[str, FoundPassage] = {}
    for passage in citations:
        cited.setdefault(passage.file_id, passage)
    for number, passage in enumerate(cited.values()):
        mark = f"【{place}:{number}†{passage.filename}】"
        annotations.append(_note("file_citation", mark, len(text), passage.file_id))
        text += mark
    annotations.sort(key=lambda note: int(note["start_index"]))
    images: list[Body] = [{"type": "image_file", "image_file": {"file_id": id, "detail": "auto"}} for id in made.images]
    return [*images, {"type": "text", "text": {"value": text, "annotations": annotations}}]


def attachments(made: Made) -> list[Body]:
    """Build a message's attachments: the files its code wrote."""
    return [{"file_id": file_id, "tools": [{"type": "code_interpreter"}]} for _, file_id in made.files]


def _links(text: str, name: str) -> Sequence[re.Match[str]]:
    return list(re.finditer(re.escape(SANDBOX_FOLDER + name), text))


def _path_note(match: re.Match[str], file_id: str) -> Body:
    return _note("file_path", match.group(), match.start(), file_id)


def _note(type: str, mark: str, start: int, file_id: str) -> dict[str, Any]:
    return {
        "type": type,
        "text": mark,
        "start_index": start,
        "end_index": start + len(mark),
        type: {"file_id": file_id},
    }
