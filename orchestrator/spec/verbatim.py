"""Texts of the live side as templates that render to them: no text becomes a template because of what it holds."""

import json
import re

from orchestrator.spec.template import is_template

_ENDRAW = re.compile(r"\{%[-+]?\s*endraw")
_FRAGILE = re.compile(r"[{\r]+|\A\ufeff")


def verbatim(text: str, as_file: bool = False) -> str:
    """Give a text so that rendering it gives the text itself; a text without anything to render stays as it is.

    `as_file` also keeps what reading a file changes: carriage returns, and a byte order mark at the start.
    """
    changed = as_file and ("\r" in text or text.startswith("\ufeff"))
    if not is_template(text) and not changed:
        return text
    if "\r" in text or changed or _ENDRAW.search(text):
        return _FRAGILE.sub(lambda found: f"{{{{ {json.dumps(found[0])} }}}}", text)
    return f"{{% raw %}}{text}{{% endraw %}}"
