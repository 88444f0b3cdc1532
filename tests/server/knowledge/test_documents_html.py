"""Pages that are not well formed."""

import pytest

from orchestrator.server.knowledge.documents_html import read_html


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("", ""),
        ("plain text", "plain text"),
        ("<p>one<p>two", "one\n\ntwo"),
        ("</p></script>text</pre>", "text"),
        ("a &lt;b&gt; &#44608; &nbsp;c", "a <b> 김 c"),
        ("<b>bo</b>ld  and<br>new line", "bold and\nnew line"),
        ("<style>p{}</style><script>if (a < b) {}</script>seen", "seen"),
        ("<!-- hidden --><template>hidden<p>too</template>seen", "seen"),
        ("<pre>  two\n   three</pre>", "two\n   three"),
    ],
)
def test_visible_text(page, text):
    assert read_html(page) == text
