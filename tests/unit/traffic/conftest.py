"""A product that appends canonical rows to a file."""

import json
from pathlib import Path
from typing import Any

import pytest

NOON = 1_795_262_400.0


class Product:
    """Writes rows as a product would: one JSON object a line, newest last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0

    def write(self, **fields: Any) -> None:
        self.rows += 1
        row = {
            "sample_id": f"s-{self.rows}",
            "ts": NOON - 3600 + self.rows,
            "input": f"Question {self.rows}?",
            **fields,
        }
        self.append(json.dumps(row) + "\n")

    def append(self, text: str | bytes) -> None:
        with self.path.open("ab") as file:
            file.write(text if isinstance(text, bytes) else text.encode())


@pytest.fixture
def product(tmp_path: Path) -> Product:
    return Product(tmp_path / "traffic.jsonl")


@pytest.fixture
def noon() -> float:
    return NOON
