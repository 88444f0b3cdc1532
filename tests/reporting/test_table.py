from orchestrator.reporting.table import table


def test_columns_are_as_wide_as_what_is_seen():
    lines = table(("NAME", "NO", "LAST"), [("한글이", "1", "x"), ("a", "200", "")])
    assert [line.plain for line in lines] == ["NAME    NO   LAST", "한글이  1    x", "a       200  "]
    assert [str(line.style) for line in lines] == ["bold", "", ""]


def test_a_heading_alone_is_not_shown():
    assert table(("NAME",), []) == []
