"""YAML as people read it: in the order given, texts in quotes only where they need them, no aliases."""

from __future__ import annotations

from typing import Any

import yaml


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """Every value is written out where it stands."""
        del data
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    style = "|" if "\n" in value.rstrip("\n") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Plain.add_representer(str, _text)


def yaml_text(value: Any) -> str:
    """A tree of plain values as YAML."""
    return yaml.dump(value, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120, default_flow_style=False)
