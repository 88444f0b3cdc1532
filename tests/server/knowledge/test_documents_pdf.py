"""PDFs that give a reason instead of text."""

import io
from pathlib import Path

import pypdf
import pytest

from orchestrator.server.knowledge.documents_pdf import UnreadablePdfError, read_pdf

PAPER = Path(__file__).parent / "data" / "paper.pdf"


def locked(user_password: str) -> io.BytesIO:
    writer, stream = pypdf.PdfWriter(clone_from=PAPER), io.BytesIO()
    writer.encrypt(user_password, owner_password="owner", algorithm="RC4-128")
    writer.write(stream)
    stream.seek(0)
    return stream


def test_pages_are_put_together():
    with PAPER.open("rb") as stream:
        assert read_pdf(stream, 1000).splitlines() == [
            "Language models are unsupervised multitask learners",
            "",
            "언어 모델은 비지도 다중 과제 학습기이다",
        ]


def test_a_password_that_only_the_owner_needs_is_no_obstacle():
    assert "multitask" in read_pdf(locked(""), 1000)


def test_a_password_is_asked_for():
    with pytest.raises(UnreadablePdfError, match="protected by a password"):
        read_pdf(locked("secret"), 1000)


def test_too_much_text_is_refused():
    with PAPER.open("rb") as stream, pytest.raises(UnreadablePdfError, match="more than 0 MB of text"):
        read_pdf(stream, 60)
