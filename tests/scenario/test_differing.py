"""Long texts and values are told as the lines that differ; short ones are not."""

from orchestrator.scenario.differing import MOST, compare_texts, compare_values


def test_single_lines_are_not_compared_by_line():
    assert compare_texts("a", "b") == []
    assert compare_values({"a": 1}, {"a": 2}) == []


def test_lines_that_differ_with_a_little_around_them():
    wanted, got = [str(n) for n in range(20)], [str(n) for n in range(20)]
    got[3], got[15] = "three", "fifteen"
    assert compare_texts("\n".join(wanted), "\n".join(got)) == [
        *["    1", "    2", "  - 3", "  + three", "    4", "    5"],
        "  ...",
        *["    13", "    14", "  - 15", "  + fifteen", "    16", "    17"],
    ]


def test_many_lines_are_shown_in_part():
    lines = compare_texts("\n".join("a" * 100), "\n".join("b" * 100))
    assert len(lines) == MOST + 1
    assert lines[-1] == "  and 160 lines more"


def test_a_long_value_is_indented_and_its_keys_are_sorted():
    wanted, got = {"b": [1, 2], "a": "x" * 300}, {"a": "x" * 300, "b": [1, 3]}
    assert compare_values(wanted, got) == ['      "b": [', "        1,", "  -     2", "  +     3", "      ]", "    }"]
