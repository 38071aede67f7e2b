"""The picture of the README, from what the committed notebooks hold: `python docs/picture.py [FILE]`, docs/onetrail.png
without one.

Three cells as JupyterLab shows them: what there is, what would be changed and under which id, what is proven. Nothing
is drawn that is not an output of a notebook. Needs Chromium, as the browser tests do.
"""

import html
import io
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import sync_playwright

from onetrail.runner.notebooks import all_notebooks, read

ROOT: Final = Path(__file__).resolve().parents[1]
TARGET: Final = ROOT / "docs" / "onetrail.png"
WIDTH: Final = 1200
MOST_BYTES: Final = 300_000


class NothingToShow(Exception):
    """A notebook has no such cell, or the cell has no output."""


@dataclass(frozen=True)
class Part:
    """One cell of one notebook: the first whose last line holds `call`. `only` are the kinds of its outputs that are
    shown; `wraps` lets the last columns of its tables break. What an output folds away is left folded or out."""

    number: str
    heading: str
    call: str
    only: tuple[str, ...] = ("image/png", "text/html")
    wraps: bool = False


PARTS: Final = (
    Part(
        "01",
        "Look: which region has logs, and digests that sign them, in which month",
        "seen.coverage(",
        ("image/png",),
    ),
    Part(
        "04",
        "Read the plan: every change before it is sent; only its own id approves it",
        "show.plan(",
        wraps=True,
    ),
    Part("06", "Prove: every object and every digest chain, after the move", "show.findings("),
)

_STYLE: Final = """
* { box-sizing: border-box }
body { margin: 0; background: #f3f4f6; font: 14px/1.35 "DejaVu Sans", system-ui, sans-serif; color: #212121 }
main { display: flex; flex-direction: column; gap: 10px; padding: 12px; width: 1200px }
section { background: #fff; border: 1px solid #d5d8dc; border-radius: 6px; overflow: hidden }
h2 { margin: 0; padding: 7px 14px; font-size: 16px; background: #fafafa; border-bottom: 1px solid #e0e0e0 }
h2 code { float: right; color: #757575; font-weight: normal; font-size: 14px }
.input { display: flex; margin: 8px 14px 0 }
.prompt { flex: 0 0 48px; padding-top: 5px; color: #307fc1; font: 13px "DejaVu Sans Mono", monospace }
.input pre { flex: 1; margin: 0; padding: 4px 10px; background: #f7f7f7; border: 1px solid #e0e0e0; border-radius: 3px;
  font: 13px/1.35 "DejaVu Sans Mono", monospace }
.output { padding: 2px 14px 8px 14px }
.output img { width: 68%; display: block; margin: 4px auto 0 }
.output table { font: 12.5px/1.3 "DejaVu Sans Condensed", "DejaVu Sans", system-ui, sans-serif; width: 100% }
.output td, .output th { padding: 1.5px 9px 1.5px 0 !important; white-space: nowrap }
.wraps td:nth-last-child(-n+5), .output td:last-child { white-space: normal }
.output > details, .output > ul { display: none }
"""


def cell_of(number: str, call: str) -> Any:
    """The code cell of that notebook whose last line holds `call`; NothingToShow where there is none with outputs."""
    for notebook in all_notebooks(ROOT / "notebooks"):
        if notebook.number != number:
            continue
        for cell in read(notebook.path).cells:
            if cell.cell_type == "code" and cell.outputs and call in cell.source.splitlines()[-1]:
                return cell
    raise NothingToShow(
        f"notebook {number} has no recorded cell that ends in {call}: record it, or correct PARTS in docs/picture.py"
    )


def outputs(cell: Any, only: Iterable[str]) -> str:
    """The cell's outputs of these kinds as HTML."""
    shown = []
    for output in cell.outputs:
        data = output.get("data", {})
        kind = next((one for one in only if one in data), None)
        if kind == "image/png":
            shown.append(f'<img src="data:image/png;base64,{"".join(data[kind].split())}">')
        elif kind:
            shown.append("".join(data[kind]))
    if not shown:
        raise NothingToShow(f"the cell {cell.source.splitlines()[-1]} has no output of {', '.join(only)}")
    return "".join(shown)


def page() -> str:
    """All of it as one HTML page."""
    sections = []
    for part in PARTS:
        cell = cell_of(part.number, part.call)
        name = next(one.path.name for one in all_notebooks(ROOT / "notebooks") if one.number == part.number)
        sections.append(
            f"<section{' class=wraps' * part.wraps}><h2>{html.escape(part.heading)}<code>{name}</code></h2>"
            '<div class="input"><div'
            f' class="prompt">[{cell.execution_count}]:</div><pre>{html.escape(cell.source)}</pre></div>'
            f'<div class="output">{outputs(cell, part.only)}</div></section>'
        )
    return f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style><main>{''.join(sections)}</main>"


def photographed(text: str, chromium: str) -> bytes:
    """The page as a PNG of 256 colours, which is small and the same for the same pixels."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            seen = browser.new_page(viewport={"width": WIDTH, "height": 800}, device_scale_factor=2)
            seen.set_content(text, wait_until="load")
            raw = seen.locator("main").screenshot()
        finally:
            browser.close()
    out = io.BytesIO()
    Image.open(io.BytesIO(raw)).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> int:
    """0 when written, 2 when there is nothing to show or no browser."""
    sys.path.insert(0, str(ROOT / "tests" / "browser"))
    from lab import chromium

    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    try:
        made = photographed(page(), chromium())
    except (NothingToShow, RuntimeError) as err:
        print(err, file=sys.stderr)
        return 2
    target.write_bytes(made)
    print(f"{re.sub('^' + re.escape(str(ROOT)) + '/', '', str(target))} written, {len(made):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
