"""One command for every table. Results go to standard output, progress to standard error."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.detection.counting import Row, markdown
from benchmarks.detection.docs import filled

#: Modules of this folder, each with a ``table(scale)``.
TABLES = ("promise", "speed", "shapes", "rivalry", "distributions", "month", "parts", "cost", "rotation")
RESULTS = Path(__file__).parent / "results"
DOCUMENT = Path(__file__).parents[2] / "docs" / "statistics.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the tables that are named, and print them."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detection",
        description="Measures the detector on simulated looks.",
        epilog="example: python -m benchmarks.detection promise --scale 0.1",
    )
    names = (*TABLES, "all", "docs")
    listed = f"{', '.join(names)} (docs: puts kept results into {DOCUMENT.name})"
    parser.add_argument("tables", nargs="+", choices=names, metavar="TABLE", help=listed)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size (default 1)")
    parser.add_argument("--json", action="store_true", help="JSON instead of Markdown")
    parser.add_argument("--keep", action="store_true", help=f"write {RESULTS.name}/TABLE.json beside this file as well")
    given = parser.parse_args(arguments)
    for name in TABLES if "all" in given.tables else (name for name in given.tables if name != "docs"):
        begun = time.monotonic()
        module = importlib.import_module(f"benchmarks.detection.{name}")
        made = {
            "command": f"python -m benchmarks.detection {name} --scale {given.scale:g}",
            "date": datetime.now(UTC).date().isoformat(),
        }

        def told(row: Row, table: dict[str, Any], name: str = name, made: dict[str, str] = made) -> None:
            sys.stderr.write(f"  {row}\n")
            sys.stderr.flush()
            if given.keep:  # after every row: what has been measured is not lost with what has not
                RESULTS.mkdir(exist_ok=True)
                (RESULTS / f"{name}.json").write_text(json.dumps(table | made, indent=1) + "\n")

        table = module.table(given.scale).as_json(told)
        sys.stderr.write(f"{name}: {time.monotonic() - begun:.0f} s\n")
        if given.keep and hasattr(module, "draw"):
            module.draw(table)
        sys.stdout.write((json.dumps(table, indent=1) if given.json else markdown(table)) + "\n\n")
    if "docs" in given.tables:
        DOCUMENT.write_text(filled(DOCUMENT.read_text(), RESULTS))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
