"""What orch writes on a live object so that any machine can tell whose it is and what was last applied.

The marks live in the object's own `metadata`, which every wire has: at most 16 pairs, keys of 64 and values of 512
characters (API facts 1.2, 4.1). User pairs are kept beside them. Keys begin with `orch.`:

    orch.owner      project/assistant.math-tutor
    orch.baseline   fingerprints of the fields last applied (continued in orch.baseline.2 and on)
    orch.files      number and digest of a vector store's declared files
    orch.protect    present where `lifecycle.protect` was applied
    orch.revision   git revision the specs were applied from
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orchestrator.model.address import Address
from orchestrator.model.fields import Fields, canonical, digest, file_label

PREFIX = "orch."
MAX_PAIRS = 16
MAX_VALUE = 512
_PATH_BYTES, _VALUE_BYTES = 4, 5
_ENTRY = 12  # base64 characters of one entry: 9 bytes are 12 characters without padding


@dataclass(frozen=True, slots=True)
class Baseline:
    """Fingerprints of the fields last applied: a path is found by its hash, a value compared by its own."""

    entries: Mapping[bytes, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, fields: Fields) -> "Baseline":
        """Fingerprint every declared field; files keep their own record in their attributes."""
        return cls({_path_key(p): digest(v)[:_VALUE_BYTES] for p, v in fields.items() if file_label(p) is None})

    def __or__(self, other: "Baseline") -> "Baseline":
        return Baseline({**self.entries, **other.entries})

    def knows(self, path: str) -> bool:
        """Tell whether the field was declared when this was applied."""
        return _path_key(path) in self.entries

    def matches(self, path: str, value: object) -> bool:
        """Tell whether the field was applied with this very value."""
        return self.entries.get(_path_key(path)) == digest(value)[:_VALUE_BYTES]

    def encode(self) -> str:
        """Give the fingerprints as text: twelve characters a field."""
        return "".join(base64.urlsafe_b64encode(key + value).decode() for key, value in sorted(self.entries.items()))

    @classmethod
    def decode(cls, text: str) -> "Baseline":
        """Read what `encode` wrote; what somebody has cut or edited by hand is left out, never an error."""
        entries: dict[bytes, bytes] = {}
        for at in range(0, len(text) - _ENTRY + 1, _ENTRY):
            try:
                raw = base64.b64decode(text[at : at + _ENTRY].encode("ascii", "replace"), b"-_", validate=True)
            except ValueError:
                continue
            entries[raw[:_PATH_BYTES]] = raw[_PATH_BYTES:]
        return cls(entries)


def _path_key(path: str) -> bytes:
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).digest()[:_PATH_BYTES]


def _baseline_key(number: int) -> str:
    return f"{PREFIX}baseline" + (f".{number}" if number > 1 else "")


def files_digest(fields: Fields) -> str | None:
    """Give `COUNT:DIGEST` over all declared files of a store, or None where a resource declares none."""
    files = [path for path in fields if file_label(path) is not None]
    if not files:
        return None
    # This is the canonical text of all of them, made part by part: files of one entry share attributes and chunking,
    # and there may be very many.
    shared: dict[tuple[str, int], str] = {}
    texts = []
    for path in sorted(files):
        parts = []
        for key, part in sorted(fields[path].items()):
            if isinstance(part, str):
                parts.append(f'"{key}":{canonical(part)}')
            else:
                place = (key, id(part))
                parts.append(shared.get(place) or shared.setdefault(place, f'"{key}":{canonical(part)}'))
        texts.append(f"{canonical(path)}:{{{','.join(parts)}}}")
    whole = f"{{{','.join(texts)}}}".encode("utf-8", "surrogatepass")
    return f"{len(files)}:{hashlib.sha256(whole).hexdigest()[:32]}"


@dataclass(frozen=True, slots=True)
class Marks:
    """The ownership record of one live object."""

    project: str
    address: Address
    baseline: Baseline = Baseline()
    files: str | None = None
    protect: bool = False
    revision: str | None = None

    def to_metadata(self) -> dict[str, str]:
        """Give the pairs to write beside the user's own."""
        pairs = {f"{PREFIX}owner": f"{self.project}/{self.address}"}
        text = self.baseline.encode()
        size = MAX_VALUE // _ENTRY * _ENTRY
        for number, at in enumerate(range(0, len(text), size), start=1):
            pairs[_baseline_key(number)] = text[at : at + size]
        if self.files is not None:
            pairs[f"{PREFIX}files"] = self.files
        if self.protect:
            pairs[f"{PREFIX}protect"] = "true"
        if self.revision is not None:
            pairs[f"{PREFIX}revision"] = self.revision
        return pairs

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "Marks | None":
        """Read the record of a live object, or None where orch never applied it."""
        project, slash, address = metadata.get(f"{PREFIX}owner", "").rpartition("/")
        if not slash:
            return None
        try:
            parsed = Address.parse(address)
        except ValueError:
            return None
        return cls(
            project=project,
            address=parsed,
            baseline=Baseline(
                {
                    key: value
                    for number in range(1, MAX_PAIRS)  # each pair by itself: one that was cut spoils no other
                    for key, value in Baseline.decode(metadata.get(_baseline_key(number), "")).entries.items()
                }
            ),
            files=metadata.get(f"{PREFIX}files"),
            protect=metadata.get(f"{PREFIX}protect") == "true",
            revision=metadata.get(f"{PREFIX}revision"),
        )


def user_pairs(metadata: Mapping[str, str]) -> dict[str, str]:
    """Give the metadata without orch's own pairs."""
    return {key: value for key, value in metadata.items() if not key.startswith(PREFIX)}


def pairs_needed(user_keys: Iterable[str], marks: Marks) -> int:
    """Give how many of the 16 metadata pairs the user's keys and the marks take together."""
    return len(set(user_keys) | set(marks.to_metadata()))
