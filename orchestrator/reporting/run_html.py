"""A run of scenarios as one HTML file that needs nothing else: no server, no network, no other file.

The page holds the report (`orch.test/1`) as data and a script that draws it; what models, users and specs said goes
into the page as text only. A policy in the page lets the browser run this script and this style and load nothing.
"""

import base64
import hashlib
import html
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""What could end the element the data stands in, or its line: written as JSON may write it instead."""
_PARTS = ("dom", "words", "transcript", "plots", "matrix", "list", "page")
_TABLE = str.maketrans(_UNSAFE)


def run_html(report: Mapping[str, Any]) -> Iterator[str]:
    """Give the page of a report in pieces, a scenario at a time, so that no second copy of it all is made."""
    title, verdict = (html.escape(text) for text in (f"{report['project']} on {report['target']}", _verdict(report)))
    style, script = _resource("report.css"), _script()
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    yield (
        "<!doctype html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{verdict}: {title}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<header class="top"><div class="wide"><h1>{title}<small>Scenarios, run by orch</small></h1></div></header>\n'
        f'<main><p class="wide">{verdict}. The rest is drawn by the script in this file, '
        "which this browser did not run.</p></main>\n"
        '<footer><div class="wide">Made by <code>orch test --html</code>. This file loads nothing and sends nothing.'
        "</div></footer>\n"
    )
    yield '<script type="application/json" id="data">'
    yield from _data(report)
    yield f"</script>\n<script>{script}</script>\n</body>\n</html>\n"


def _data(report: Mapping[str, Any]) -> Iterator[str]:
    rest = {key: value for key, value in report.items() if key != "scenarios"}
    yield _safe(rest)[:-1] + ', "scenarios": ['
    for index, scenario in enumerate(report["scenarios"]):
        yield (",\n" if index else "\n") + _safe(scenario)
    yield "]}"


def _safe(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).translate(_TABLE)


def _verdict(report: Mapping[str, Any]) -> str:
    summary = report["summary"]
    wrong = [f"{summary[status]} {status}" for status in ("failed", "errored", "inconclusive") if summary.get(status)]
    return ", ".join(wrong) or f"{summary['passed']} passed"


@cache
def _script() -> str:
    """Give the script: its parts know of each other, and nothing outside knows of them."""
    parts = "\n".join(_resource(f"{name}.js") for name in _PARTS)
    return f"""(() => {{
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
{parts}}})();"""


@cache
def _resource(name: str) -> str:
    return (files("orchestrator.reporting") / "page" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
