"""Small plots as inline SVG: no library, no outside resource, colours from the page's style."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT = 420, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 14, 12, 38


@dataclass(frozen=True, slots=True)
class Bar:
    """A labelled value between 0 and 1 with its interval and a remark at its right."""

    label: str
    value: float
    low: float
    high: float
    remark: str = ""


def _svg(width: float, height: float, body: str, title: str) -> str:
    label = html.escape(title, quote=True)
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{label}">{body}</svg>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", strong: bool = False) -> str:
    kind = ' class="strong"' if strong else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{html.escape(text)}</text>'


def line_plot(
    points: Sequence[tuple[float, float]],
    *,
    title: str,
    x_name: str,
    y_name: str,
    y_top: float = 1.0,
    diagonal: bool = False,
    dots: Sequence[float] = (),
) -> str:
    """A line through points with x in 0 to 1 and y in 0 to `y_top`.

    `diagonal` draws the line of equality; `dots` are radii for the points, drawn instead of the line.
    """
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        return _LEFT + x * wide, _TOP + high - min(y / y_top, 1.0) * high

    parts = []
    for step in range(5):
        share = step / 4
        x, y = at(share, share * y_top)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--grid)"/>'
        )
        parts.append(_text(_LEFT - 7, y + 4, f"{100 * share * y_top:.0f}%", anchor="end"))
        parts.append(_text(x, _HEIGHT - _BOTTOM + 16, f"{100 * share:.0f}%", anchor="middle"))
    if diagonal:
        (x1, y1), (x2, y2) = at(0, 0), at(1, 1)
        line = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
        parts.append(f'<line {line} stroke="var(--soft)" stroke-dasharray="4 4"/>')
    placed = [at(x, y) for x, y in points]
    if dots:
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="var(--accent)" fill-opacity=".75"/>'
            for (x, y), radius in zip(placed, dots, strict=True)
        ]
    elif placed:
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
        base = _TOP + high
        area = f"{path}L{placed[-1][0]:.1f} {base}L{placed[0][0]:.1f} {base}Z"
        parts.append(f'<path d="{area}" fill="var(--accent-soft)"/>')
        parts.append(f'<path d="{path}" fill="none" stroke="var(--accent)" stroke-width="2"/>')
    parts.append(_text(_LEFT + wide / 2, _HEIGHT - 6, x_name, anchor="middle"))
    parts.append(_text(_LEFT, _TOP - 1, y_name, anchor="start"))
    return _svg(_WIDTH, _HEIGHT, "".join(parts), title)


def bar_plot(bars: Sequence[Bar], *, title: str, label_width: float = 132) -> str:
    """Horizontal bars from 0 to 100 % with their intervals as whiskers."""
    row, top = 27, 6
    height = top + row * len(bars) + 20
    wide = _WIDTH - label_width - 92
    parts = []
    for step in range(5):
        x = label_width + step / 4 * wide
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{height - 18}" stroke="var(--grid)"/>')
        parts.append(_text(x, height - 4, f"{25 * step}", anchor="middle"))
    for number, bar in enumerate(bars):
        y = top + row * number + 5
        middle = y + 7.5
        low, high = label_width + bar.low * wide, label_width + bar.high * wide
        parts.append(_text(label_width - 8, y + 12, bar.label, anchor="end", strong=True))
        parts.append(
            f'<rect x="{label_width}" y="{y}" width="{max(bar.value * wide, 1):.1f}" height="15" rx="3" '
            f'fill="var(--accent)" fill-opacity=".55"/>'
        )
        parts.append(
            f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 4}v8M{high:.1f} {middle - 4}v8" '
            f'stroke="var(--ink)" stroke-width="1.3" fill="none"/>'
        )
        parts.append(_text(label_width + wide + 9, y + 12, bar.remark))
    return _svg(_WIDTH, height, "".join(parts), title)


def histogram(values: Sequence[float], *, title: str, x_name: str, marks: Sequence[tuple[str, float]]) -> str:
    """Counts of values in equal bins up to the last mark but a little, with marked places; 0 at the left."""
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    top = max([1.25 * value for _, value in marks] or [1.0])
    bins = 36
    counts = [0] * bins
    for value in values:
        counts[min(int(value / top * bins), bins - 1)] += 1
    most = max(counts) or 1
    parts = []
    for number, count in enumerate(counts):
        tall = count / most * (high - 18)
        x = _LEFT + number * wide / bins
        parts.append(
            f'<rect x="{x + 0.5:.1f}" y="{_TOP + high - tall:.1f}" width="{wide / bins - 1:.1f}" '
            f'height="{tall:.1f}" '
            f'fill="var(--accent)" fill-opacity=".5"/>'
        )
    for number, (name, value) in enumerate(marks):
        x = _LEFT + value / top * wide
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP + 12 * number}" y2="{_TOP + high}" '
            f'stroke="var(--ink)" '
            f'stroke-dasharray="3 3"/>'
        )
        parts.append(_text(x + 4, _TOP + 10 + 12 * number, f"{name} {value:.0f} ms", strong=True))
    for step in range(5):
        x = _LEFT + step / 4 * wide
        parts.append(_text(x, _HEIGHT - _BOTTOM + 16, f"{top * step / 4:.0f}", anchor="middle"))
    parts.append(_text(_LEFT + wide / 2, _HEIGHT - 6, x_name, anchor="middle"))
    return _svg(_WIDTH, _HEIGHT, "".join(parts), title)


def interval_mark(value: float, low: float, high: float) -> str:
    """A tiny interval on a line from 0 to 1, for a table's cell."""
    wide, inset = 110, 4

    def at(share: float) -> str:
        return f"{inset + share * (wide - 2 * inset):.1f}"

    return (
        f'<svg viewBox="0 0 {wide} 12" style="width:{wide}px" aria-hidden="true">'
        f'<line x1="{inset}" x2="{wide - inset}" y1="6" y2="6" stroke="var(--grid)"/>'
        f'<line x1="{at(low)}" x2="{at(high)}" y1="6" y2="6" stroke="var(--accent)" stroke-width="4" '
        f'stroke-opacity=".4"/><circle cx="{at(value)}" cy="6" r="3.2" fill="var(--accent)"/></svg>'
    )
