import warnings

import pytest
from pydantic import TypeAdapter, ValidationError

from orchestrator.model.language import Metadata, Pattern, Secret, Strict

PATTERN = TypeAdapter(Pattern)


@pytest.mark.parametrize("pattern", ["a", r"3x \+ 11", "(?i)quiz", "퀴즈|문제", "[[a]"])
def test_patterns(pattern):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert PATTERN.validate_python(pattern) == pattern


@pytest.mark.parametrize("pattern", ["", "(", "*", r"\p", "a{99999999999}", "(" * 3000 + ")" * 3000, 5])
def test_what_is_no_pattern_is_refused_and_nothing_worse(pattern):
    with pytest.raises(ValidationError):
        PATTERN.validate_python(pattern)


@pytest.mark.parametrize("key", ["orch.owner", "orch.", "", "x" * 65])
def test_keys_that_are_not_the_authors(key):
    with pytest.raises(ValidationError):
        TypeAdapter(Metadata).validate_python({key: "x"})


def test_keys_near_the_reserved_ones_are_the_authors():
    pairs = {"orchestra": "x", "orch": "y", "x" * 64: "z" * 512}
    assert TypeAdapter(Metadata).validate_python(pairs) == pairs


def test_values_are_not_converted():
    class Sample(Strict):
        number: int = 0
        flag: bool = False

    for wrong in ({"number": "1"}, {"number": True}, {"number": 1.0}, {"flag": 1}, {"flag": "true"}, {"other": 1}):
        with pytest.raises(ValidationError):
            Sample.model_validate(wrong)


@pytest.mark.parametrize("name", ["sk-123", "", "1A", "A B", "A\n"])
def test_a_secret_is_the_name_of_a_variable(name):
    with pytest.raises(ValidationError):
        Secret(env=name)
