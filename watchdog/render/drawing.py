"""Drawings as SVG that is put into a page.

Colours are CSS variables of the page, so that one drawing serves light, dark and print; text stays text.
The palette is Okabe and Ito's, which people with any colour vision can tell apart; what differs in colour also differs
in line style.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Colours that no drawing uses by chance stand for the page's CSS variables.
COLOURS = {
    "ink": "#010203",
    "muted": "#010204",
    "grid": "#010205",
    "current": "#010206",
    "pinned": "#010207",
    "band": "#010208",
    "worse": "#010209",
    "better": "#01020a",
    "change": "#01020b",
    "infra": "#01020c",
    "surface": "#01020d",
}


def drawing(draw: Callable[[Figure], None], *, width: float, height: float, salt: str, description: str) -> str:
    """What ``draw`` puts on a figure of so many inches, as SVG in the colours of the page.

    ``salt`` keeps the inner names of several drawings on one page apart; ``description`` is what a screen reader says.
    """
    import matplotlib as mpl  # noqa: PLC0415 - costs half a second that only reports pay
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": f"{salt}{width}",
        "font.family": "sans-serif",
        "font.size": 9.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": COLOURS["grid"],
        "axes.labelcolor": COLOURS["muted"],
        "text.color": COLOURS["ink"],
        "xtick.color": COLOURS["muted"],
        "ytick.color": COLOURS["muted"],
        "grid.color": COLOURS["grid"],
        "grid.linewidth": 0.6,
        "axes.axisbelow": True,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure)
        written = io.StringIO()
        figure.savefig(
            written,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    return _for_page(written.getvalue(), description)


def _for_page(svg: str, description: str) -> str:
    """The drawing without prologue, namespaces, metadata and style sheet, its colours being the page's."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    # Groups are named alike in every drawing; what is referred to (clips, markers) has a name with the salt in it.
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r'\s+xmlns(?::\w+)?="[^"]*"', "", svg)
    head, rest = svg.split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    for name, colour in COLOURS.items():
        rest = rest.replace(colour, f"var(--{name})")
    return f'<svg {box[0] if box else ""} role="img" aria-label="{description}">{rest}'
