"""Files of ours on disk, each written whole or not at all: whoever is killed on the way leaves the old one, or none."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, data: bytes, *, new: bool = False, durable: bool = True) -> None:
    """Put a file in the place of the one before, in one step, or where there is none yet (`new`).

    `durable` has it on the disk before it takes its place; without, a machine that loses power may lose the content.
    Raises `OSError` and leaves what is there as it was where that cannot be done, `FileExistsError` where the place
    of a new one is taken.
    """
    with written_beside(path, data, durable=durable) as ready:
        if new:
            os.link(ready, path)  # unlike a rename it refuses to replace what is there
        else:
            os.replace(ready, path)


@contextmanager
def written_beside(path: Path, data: bytes, *, mode: int | None = None, durable: bool = True) -> Iterator[Path]:
    """Give a hidden file in the folder of `path` that holds the data; it is gone afterwards, unless it was moved.

    It has the permissions of `mode` before anything is in it, or those of any new file.
    """
    beside = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with beside.open("xb") as file:
            if mode is not None:
                os.chmod(beside, mode)
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        yield beside
    finally:
        beside.unlink(missing_ok=True)
