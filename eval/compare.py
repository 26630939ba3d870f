"""Two runs item by item, the gate against the blessed run, and blessing."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from rich.table import Table

from eval import metrics
from eval.console import wide_console
from eval.dataset import EvalError
from eval.report import style as page_style
from eval.report import table_of
from eval.run import Run
from eval.scoring import INVARIANTS

if TYPE_CHECKING:
    from rich.console import Console

BASELINE = Path(__file__).with_name("baseline.json")
Row = Mapping[str, Any]
# A drop fails the gate when it is this unlikely by chance (after Holm), or this large whatever its chance.
SIGNIFICANT = 0.05
LARGEST_DROP = 0.02
# Fewer pairs than this share of the baseline say that the questions are others: bless anew.
LEAST_COVERAGE = 0.9


def _scored(name: str) -> Callable[[Row], float | None]:
    return lambda row: row["scores"].get(name)


def _answerable(row: Row) -> float | None:
    return row["scores"]["strict"] if row["item"].get("answerable") else None


def _unanswerable(row: Row) -> float | None:
    return row["scores"]["strict"] if row["item"].get("answerable") is False else None


# The values compared, by the name shown; the gated ones share one Holm correction.
GATED: Mapping[str, Callable[[Row], float | None]] = {
    "strict": _scored("strict"),
    "strict, answerable": _answerable,
    "strict, unanswerable": _unanswerable,
    "recall@5": _scored("recall@5"),
}
_OTHERS = (
    "recall@1",
    "mrr@10",
    "key_facts",
    "section_precision",
    "sentence_precision",
    "sentence_recall",
    "char_f1",
)
COMPARED: Mapping[str, Callable[[Row], float | None]] = {**GATED, **{name: _scored(name) for name in _OTHERS}}


@dataclass(frozen=True, slots=True)
class Delta:
    """A metric in two runs, over the pairs for which both define it.

    `p` is exact McNemar's for 0/1 values, else by sign flips; `adjusted` is Holm's over the gated metrics,
    None for the others.
    """

    name: str
    n: int
    first: float
    second: float
    low: float
    high: float
    p: float
    adjusted: float | None = None

    @property
    def change(self) -> float:
        """Second less first."""
        return self.second - self.first


@dataclass(frozen=True, slots=True)
class Change:
    """An item whose strict verdict differs: what it asks and how it ended in both runs."""

    id: str
    question: str
    kind: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that two runs differ in."""

    first: str
    second: str
    deltas: tuple[Delta, ...]
    fixed: tuple[Change, ...]
    broken: tuple[Change, ...]
    unchanged: int
    left_out: int
    differences: tuple[str, ...]


def paired(first: Mapping[str, Row], second: Mapping[str, Row]) -> list[tuple[Row, Row]]:
    """The rows of the items that both runs hold and that ask and expect the same."""
    return [
        (row, second[id_])
        for id_, row in first.items()
        if id_ in second and row["item"] == second[id_]["item"]
    ]


def deltas_of(
    pairs: Sequence[tuple[Row, Row]], compared: Mapping[str, Callable[[Row], float | None]]
) -> tuple[Delta, ...]:
    """The change of each metric over the pairs, with intervals clustered by base item."""
    found: list[Delta] = []
    for name, value in compared.items():
        both = [(value(a), value(b), a["item"].get("base_id") or a["id"]) for a, b in pairs]
        defined = [(x, y, cluster) for x, y, cluster in both if x is not None and y is not None]
        if not defined:
            continue
        differences = [y - x for x, y, _ in defined]
        binary = all(x in {0, 1} and y in {0, 1} for x, y, _ in defined)
        p = (
            metrics.mcnemar(sum(d > 0 for d in differences), sum(d < 0 for d in differences))
            if binary
            else metrics.sign_flip(differences)
        )
        low, high = metrics.cluster_bootstrap(differences, [cluster for _, _, cluster in defined])
        first, second = (
            sum(part) / len(defined) for part in ([x for x, _, _ in defined], [y for _, y, _ in defined])
        )
        found.append(Delta(name, len(defined), first, second, low, high, p))
    adjusted = metrics.holm({delta.name: delta.p for delta in found if delta.name in GATED})
    return tuple(
        Delta(d.name, d.n, d.first, d.second, d.low, d.high, d.p, adjusted.get(d.name)) for d in found
    )


def compare(first: Run, second: Run) -> Comparison:
    """Compare two runs item by item."""
    pairs = paired(first.rows, second.rows)
    changes = [(a, b) for a, b in pairs if a["scores"]["strict"] != b["scores"]["strict"]]
    parts = ("data_sha256", "commit", "settings", "index", "files", "prompts", "versions")
    return Comparison(
        first=first.name,
        second=second.name,
        deltas=deltas_of(pairs, COMPARED),
        fixed=tuple(
            _change(a, b) for a, b in changes if (b["scores"]["strict"] or 0) > (a["scores"]["strict"] or 0)
        ),
        broken=tuple(
            _change(a, b) for a, b in changes if (b["scores"]["strict"] or 0) < (a["scores"]["strict"] or 0)
        ),
        unchanged=len(pairs) - len(changes),
        left_out=len(first.rows) + len(second.rows) - 2 * len(pairs),
        differences=tuple(part for part in parts if first.manifest.get(part) != second.manifest.get(part)),
    )


def _change(before: Row, after: Row) -> Change:
    item = before["item"]
    question = " → ".join(item.get("turns") or [item["question"]])
    return Change(before["id"], question, item["kind"], _ending(before), _ending(after))


def _ending(row: Row) -> str:
    outcome: str = row["outcome"]
    return f"{outcome} ({row['stage']})" if row.get("stage") else outcome


# --- showing a comparison ---

_HEAD = ("指标 metric", "n", "A", "B", "B - A", "95 %", "p", "Holm p")


def _cells(delta: Delta) -> tuple[str, ...]:
    return (
        delta.name,
        str(delta.n),
        f"{delta.first:.3f}",
        f"{delta.second:.3f}",
        f"{delta.change:+.3f}",
        f"{delta.low:+.3f} … {delta.high:+.3f}",
        f"{delta.p:.3f}",
        "" if delta.adjusted is None else f"{delta.adjusted:.3f}",
    )


def _counts(comparison: Comparison) -> str:
    return (
        f"修好 fixed {len(comparison.fixed)} · 弄坏 broken {len(comparison.broken)} · "
        f"未变 unchanged {comparison.unchanged} · 不可比 not paired {comparison.left_out}"
    )


def print_comparison(comparison: Comparison, console: Console | None = None) -> None:
    """The comparison for the terminal."""
    console = console or wide_console()
    table = Table(title=f"A {comparison.first} · B {comparison.second}")
    for at, name in enumerate(_HEAD):
        table.add_column(name, justify="right" if at else "left", no_wrap=True)
    for delta in comparison.deltas:
        table.add_row(*_cells(delta))
    console.print(table)
    console.print(_counts(comparison))
    if comparison.differences:
        console.print(f"不同之处 made with different {', '.join(comparison.differences)}", style="dim")
    for title, changes, style in (("+", comparison.fixed, "green"), ("-", comparison.broken, "red")):
        for change in changes:
            line = f"{title} {change.id}  {change.question}  {change.before} → {change.after}"
            console.print(line, style=style, markup=False, highlight=False)


def as_markdown(comparison: Comparison) -> str:
    """The comparison as Markdown, for a pull request."""
    lines = [f"# {comparison.first} → {comparison.second}", "", _counts(comparison), ""]
    lines += [f"| {' | '.join(_HEAD)} |", "| --- |" + " ---: |" * (len(_HEAD) - 1)]
    lines += [f"| {' | '.join(_cells(delta))} |" for delta in comparison.deltas]
    for title, changes in (("修好 Fixed", comparison.fixed), ("弄坏 Broken", comparison.broken)):
        lines += ["", f"## {title} ({len(changes)})", ""]
        lines += [f"- `{c.id}` {c.question.replace('|', '∣')} — {c.before} → {c.after}" for c in changes] or [
            "—"
        ]
    return "\n".join(lines) + "\n"


def as_html(comparison: Comparison) -> str:
    """The comparison as one self-contained page."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in _HEAD)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(delta)) + "</tr>"
        for delta in comparison.deltas
    )
    sections = []
    for title, changes, mark in (
        ("修好 Fixed", comparison.fixed, "good"),
        ("弄坏 Broken", comparison.broken, "bad"),
    ):
        listed = "".join(
            f"<tr><td><code>{html.escape(c.id)}</code></td><td>{html.escape(c.kind)}</td>"
            f"<td class=wide>{html.escape(c.question)}</td><td>{html.escape(c.before)}</td>"
            f"<td>{html.escape(c.after)}</td></tr>"
            for c in changes
        )
        sections.append(
            f"<h2 class={mark}>{title} · {len(changes)}</h2><table>{listed or '<tr><td>—</td></tr>'}</table>"
        )
    title = html.escape(f"{comparison.first} → {comparison.second}")
    return (
        f"<!doctype html><html lang=zh-CN><meta charset=utf-8>"
        f"<meta name=viewport content='width=device-width,initial-scale=1'><title>{title}</title>"
        f"<style>{page_style()}</style><main><h1>{title}</h1><p>{html.escape(_counts(comparison))}</p>"
        f"{table_of(head, rows, kind='numbers')}"
        f"{''.join(sections)}</main></html>"
    )


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """Write `compare.md` and `compare.html`; returns the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "compare.md").write_text(as_markdown(comparison), "utf-8")
    page = folder / "compare.html"
    page.write_text(as_html(comparison), "utf-8")
    return page


# --- the gate ---


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of the gate."""

    name: str
    passed: bool
    detail: str = ""


def item_hash(row: Row) -> str:
    """A short digest of what an item asks and expects."""
    text = json.dumps(row["item"], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def bless(run: Run, path: Path = BASELINE) -> None:
    """Make a run the baseline: the verdicts of all items but variants, and what the run was made with."""
    rows = {id_: row for id_, row in run.rows.items() if not row["item"].get("variant")}
    names = {name for name in GATED if name in next(iter(rows.values()))["scores"]} if rows else set()
    kept = {
        id_: [item_hash(row), *(row["scores"][name] for name in sorted(names))] for id_, row in rows.items()
    }
    if not kept:
        raise EvalError("空的评测结果不能作为基线。 An empty run can't be blessed.")
    made_with = {
        name: run.manifest.get(name) for name in ("commit", "data_sha256", "index", "files", "versions")
    }
    lines = [f"  {json.dumps(id_)}: {json.dumps(values)}" for id_, values in kept.items()]
    head = json.dumps({"made_with": made_with, "values": ["item", *sorted(names)]}, ensure_ascii=False)
    path.write_text(head[:-1] + ', "items": {\n' + ",\n".join(lines) + "\n}}\n", "utf-8")


def load_baseline(path: Path = BASELINE) -> dict[str, dict[str, Any]]:
    """The blessed verdicts by item: its digest under `item`, and each gated metric.

    Raises:
        EvalError: there is no baseline, or it can't be read.
    """
    try:
        stored = json.loads(path.read_text("utf-8"))
        return {
            id_: dict(zip(stored["values"], values, strict=True)) for id_, values in stored["items"].items()
        }
    except FileNotFoundError:
        raise EvalError(
            "还没有基线，请先 bless。 There is no baseline yet: python -m eval bless RUN"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvalError(f"基线读不了。 The baseline can't be read: {error}") from None


def check_gate(rows: Mapping[str, Row], baseline: Mapping[str, Mapping[str, Any]]) -> list[Check]:
    """Every condition: what must hold for each answer, and no drop over the baseline's items."""
    checks = [Check("asked", bool(rows), f"{len(rows)} 题 items")]
    for name in INVARIANTS:
        broken = [id_ for id_, row in rows.items() if name in row["broken"]]
        checks.append(Check(name, not broken, ", ".join(broken[:10])))
    pairs = [
        (_blessed(rows[id_], values), rows[id_])
        for id_, values in baseline.items()
        if id_ in rows and item_hash(rows[id_]) == values["item"]
    ]
    covered = len(pairs) / len(baseline) if baseline else 0.0
    detail = f"{len(pairs)} / {len(baseline)} 题与基线相同 items are those of the baseline"
    checks.append(Check("baseline", covered >= LEAST_COVERAGE, detail))
    for delta in deltas_of(pairs, GATED):
        adjusted = 1.0 if delta.adjusted is None else delta.adjusted
        dropped = delta.change < 0 and (adjusted < SIGNIFICANT or delta.change < -LARGEST_DROP - 1e-9)
        detail = (
            f"{delta.first:.3f} → {delta.second:.3f} ({delta.change:+.3f}, n {delta.n}, p {adjusted:.3f})"
        )
        checks.append(Check(f"no drop: {delta.name}", not dropped, detail))
    return checks


def _blessed(row: Row, values: Mapping[str, Any]) -> Row:
    """A row with the scores that the baseline has for it."""
    return {
        "id": row["id"],
        "item": row["item"],
        "scores": {name: values.get(name) for name in ("strict", "recall@5")},
    }


def print_gate(checks: Sequence[Check], console: Console | None = None) -> None:
    """The verdict for the terminal."""
    console = console or wide_console()
    for check in checks:
        mark, style = ("✓", "green") if check.passed else ("✗", "bold red")
        console.print(f"{mark} {check.name}  {check.detail}", style=style, markup=False, highlight=False)
    failed = sum(not check.passed for check in checks)
    console.print("通过 passed" if not failed else f"{failed} 项未通过 failed", style="bold")


def write_junit(checks: Sequence[Check], path: Path) -> None:
    """The verdict as JUnit XML, one test case a condition."""
    failed = sum(not check.passed for check in checks)
    suite = ET.Element(
        "testsuite", name="eval gate", tests=str(len(checks)), failures=str(failed), errors="0"
    )
    for check in checks:
        case = ET.SubElement(suite, "testcase", classname="eval.gate", name=check.name)
        if check.passed:
            ET.SubElement(case, "system-out").text = check.detail
        else:
            ET.SubElement(case, "failure", message=check.detail or check.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
