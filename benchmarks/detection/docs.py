"""Puts measured tables into a document, between `<!-- table: NAME -->` and `<!-- end -->`."""

from __future__ import annotations

import json
import re
from pathlib import Path

from benchmarks.detection.counting import markdown

_PLACE = re.compile(r"<!-- table: (?P<name>\w+) -->\n.*?<!-- end -->", re.DOTALL)


def filled(text: str, results: Path) -> str:
    """The document with every table that has been measured; the others are left as they are."""

    def table(place: re.Match[str]) -> str:
        name = place["name"]
        file = results / f"{name}.json"
        if not file.exists():
            return place[0]
        measured = json.loads(file.read_text())
        made = f"`{measured['command']}` on {measured['date']}"
        return f"<!-- table: {name} -->\n{markdown(measured)}\n\nMade by {made}.\n<!-- end -->"

    return _PLACE.sub(table, text)
