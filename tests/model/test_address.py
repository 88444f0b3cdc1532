import pytest
from pydantic import TypeAdapter, ValidationError

from orchestrator.model.address import Address, Kind, Name

NAME = TypeAdapter(Name)


@pytest.mark.parametrize("kind", list(Kind))
def test_an_address_is_read_as_it_is_shown(kind):
    address = Address(kind, "math-tutor")
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize("text", ["", "assistant", "assistant.", ".tutor", "function.quiz", "Assistant.tutor"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match=r"is not an address|is not a valid Kind"):
        Address.parse(text)


def test_addresses_have_an_order():
    written = [Address(Kind.VECTOR_STORE, "a"), Address(Kind.ASSISTANT, "b"), Address(Kind.ASSISTANT, "a")]
    assert [str(each) for each in sorted(written)] == ["assistant.a", "assistant.b", "vector_store.a"]


@pytest.mark.parametrize("name", ["a", "a1", "math-tutor", "0", "x" * 64])
def test_names(name):
    assert NAME.validate_python(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "a--b", "A", "a_b", "a.b", "a\n", "é", "수학", "x" * 65])
def test_what_is_no_name(name):
    with pytest.raises(ValidationError):
        NAME.validate_python(name)
