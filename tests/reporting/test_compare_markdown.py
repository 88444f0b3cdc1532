"""A comparison in a pull request: regressions open, nothing breaks out, and it fits a comment."""

from orchestrator.reporting.compare_markdown import compare_markdown
from orchestrator.scenario.comparison import compare
from tests.reporting.comparing import a_comparison
from tests.scenario.reported import report, reported

HEAD = """\
### orch compare: <code>tutoring</code> on <code>local</code> -> <code>tutoring</code> on <code>foundry</code>

**1 regression, 1 improvement, 3 noise, at confidence 0.95**

All together: noise (3 passed less often, 1 more often, 1 as before; p = 0.5, paired permutation test)

| median | before | after | change |  |
| --- | ---: | ---: | ---: | ---: |
| latency | 400 ms | 500 ms | +25 % | p = 0.12 |
| tokens | 75 | 90 | +20 % | p = 0.12 |

- <b>regression</b> <code>worse</code> 10/10 -> 3/10 passed, p = 0.0031, adjusted 0.0062

| median | before | after | change |
| --- | ---: | ---: | ---: |
| latency | 400 ms | 500 ms | +25 % |
| tokens | 75 | 90 | +20 % |

<details><summary><b>improvement</b> <code>better</code> 2/10 -> 10/10 passed, p = 0.00071, adjusted 0.0014</summary>
"""


def test_regressions_come_first_and_open():
    text = compare_markdown(a_comparison())
    assert text.startswith(HEAD)
    assert "- 1 as often as before" in text
    assert "- <code>missing: gone, left (not run)</code>" in text


def test_reports_of_one_target_name_it_once():
    same = report(reported("a", 1, 1))
    assert compare_markdown(compare(same, same)).startswith(
        "### orch compare: <code>tutoring</code> on <code>local</code>\n"
    )


def test_it_fits_a_comment_whatever_the_names():
    names = [f"{'`</details>|@all ' * 30}{n}" for n in range(3000)]
    before = report(*(reported(name, 5, 5) for name in names))
    after = report(*(reported(name, 0, 5) for name in names), *(reported(f"new {name}", 1, 1) for name in names))
    text = compare_markdown(compare(before, after))
    assert len(text) < 65_536
    assert "3000 regressions" in text
    assert "more; this report is cut at" in text
    assert "@all" not in text
    assert text.count("<details>") == text.count("</details>")
