import pytest

from orchestrator.model.address import Address, Kind, is_name
from orchestrator.reconcile.naming import free_address, free_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Math Tutor2", "math-tutor2"),
        ("Café_Tutor (v2)!", "cafe-tutor-v2"),
        ("수학 tutor", "tutor"),
        ("수학 교사", "assistant-1"),
        ("🎓", "assistant-1"),
        ("42", "assistant-1"),
        ("../../x", "x"),
        ("a/b\\c\0d\n", "a-b-c-d"),
        (None, "assistant-1"),
        ("a" * 63 + " b", "a" * 63),
    ],
)
def test_names_are_made_from_what_people_wrote(name, expected):
    address = free_address(Kind.ASSISTANT, name, ())
    assert str(address) == f"assistant.{expected}"
    assert is_name(address.name)


def test_a_name_is_given_once():
    taken = [Address(Kind.ASSISTANT, name) for name in ("tutor", "tutor-2", "assistant-1", "a" * 64)]
    assert free_address(Kind.ASSISTANT, "Tutor", taken).name == "tutor-3"
    assert free_address(Kind.ASSISTANT, "교사", taken).name == "assistant-2"
    assert free_address(Kind.ASSISTANT, "a" * 70, taken).name == "a" * 62 + "-2"
    assert free_address(Kind.VECTOR_STORE, "Tutor", taken).name == "tutor"
    assert free_address(Kind.VECTOR_STORE, "자료", taken).name == "vector-store-1"


def test_functions_are_told_apart_without_regard_to_case():
    assert free_name("quiz", ()) == "quiz"
    assert free_name("Quiz", ("quiz",)) == "Quiz-2"
    assert free_name("quiz", ("quiz", "QUIZ-2")) == "quiz-3"
    assert free_name("q" * 64, ("q" * 64,)) == "q" * 62 + "-2"
