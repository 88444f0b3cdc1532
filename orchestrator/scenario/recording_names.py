"""What the file of a recording is called: names that every operating system takes, and no two scenarios share.

A scenario's own name is one, `quiz.json`. That of a case has brackets and whatever its values have, so its file has
the plain part of it and a digest of the rest, `quiz.model-gpt-5.row1.4f6a0c2e91d3.json`: systems that take upper and
lower case for the same, or write one accent in two ways, still keep two cases apart.
"""

import hashlib
import re

from orchestrator.model.address import is_name

_DEVICE = re.compile(r"(con|prn|aux|nul|(com|lpt)\d)", re.IGNORECASE)
"""What Windows takes for a device, whatever follows the dot."""
_LONGEST = 100  # of 255 bytes that file systems allow
_DIGITS = 12  # of a digest in hex: two of 10,000 cases share one with a chance of 2 in 10 million


def recording_name(scenario: str) -> str:
    """Give the name of the file that keeps a scenario's recording."""
    if is_name(scenario) and not _DEVICE.fullmatch(scenario):
        return f"{scenario}.json"
    plain = [re.sub(r"[^a-z0-9-]+", "-", part.lower()).strip("-") for part in re.split(r"[\[\],]", scenario)]
    first, *rest = [part for part in plain if part] or ["case"]
    shown = ".".join([f"{first}-" if _DEVICE.fullmatch(first) else first, *rest])[:_LONGEST].rstrip(".")
    digest = hashlib.sha256(scenario.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{shown}.{digest}.json"
