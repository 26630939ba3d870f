"""Records → the numbers of a run: scorecards, slices, outcomes, arms, pairs, retention, calibration."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from eval import metrics
from eval.dataset import REASONS
from eval.run import ARMS, Record
from eval.scoring import INVARIANTS, Outcome, Stage

# Metrics of a scorecard, in the order of the report; all are means over the items for which they are defined.
MEANS = (
    "strict",
    "key_facts",
    "number_precision",
    "number_recall",
    "char_f1",
    "section_precision",
    "section_recall",
    "sentence_precision",
    "sentence_recall",
    "verbatim",
    "supported_numbers",
    "recall@1",
    "recall@3",
    "recall@5",
    "mrr@10",
    "ndcg@5",
    "sentence_hit@1",
    "sentence_hit@5",
)
Estimate = dict[str, Any]


def estimate(values: Sequence[float], clusters: Sequence[str]) -> Estimate:
    """Mean, 95 % interval and count.

    Wilson's interval where all values are 0 or 1 and no two depend on each other, else a bootstrap over
    clusters.
    """
    if not values:
        return {"value": None, "low": None, "high": None, "n": 0}
    independent = len(set(clusters)) == len(clusters) and set(values) <= {0.0, 1.0}
    low, high = (
        metrics.wilson(sum(values), len(values))
        if independent
        else metrics.cluster_bootstrap(values, clusters)
    )
    return {
        "value": round(sum(values) / len(values), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "n": len(values),
    }


def _estimated(records: Iterable[Record], value: Callable[[Record], float | None]) -> Estimate:
    found = [(value(record), record.item.cluster) for record in records]
    defined = [(v, cluster) for v, cluster in found if v is not None]
    return estimate([v for v, _ in defined], [cluster for _, cluster in defined])


def _metric(name: str) -> Callable[[Record], float | None]:
    return lambda record: record.verdict.values.get(name)


def summarise(records: Sequence[Record]) -> dict[str, Any]:
    """All numbers of a run; without times, so that two runs can be compared byte by byte."""
    base = [record for record in records if not record.item.variant]
    splits = list(dict.fromkeys(record.split for record in base))
    return {
        "splits": {split: _split([r for r in base if r.split == split]) for split in splits},
        "pairs": _pairs(base),
        "retention": retention(records),
        "invariants": {
            name: [record.item.id for record in records if name in record.verdict.broken]
            for name in INVARIANTS
        },
        "notes": notes(base),
    }


def _split(records: Sequence[Record]) -> dict[str, Any]:
    return {
        "items": len(records),
        "scorecard": scorecard(records),
        "slices": slices(records),
        "outcomes": outcomes(records),
        "reasons": reasons(records),
        "stages": {str(s): sum(r.verdict.stage is s for r in records) for s in Stage},
        "followups": {
            arm: _estimated([r for r in records if arm in r.arms], lambda r, arm=arm: r.arms[arm])  # type: ignore[misc]
            for arm in ARMS
        },
        "calibration": calibration(records),
    }


def scorecard(records: Sequence[Record]) -> dict[str, Estimate]:
    """Every metric with its interval and count."""
    card = {name: _estimated(records, _metric(name)) for name in MEANS}
    known = [record for record in records if record.item.answerable is not None]
    counted = metrics.Abstention.of([(bool(r.item.answerable), _abstained(r)) for r in known])
    refused = [r for r in known if _abstained(r)]
    unanswerable = [r for r in known if r.item.answerable is False]
    answerable = [r for r in known if r.item.answerable]
    card["abstention_precision"] = _estimated(refused, lambda r: float(r.item.answerable is False))
    card["abstention_recall"] = _estimated(unanswerable, lambda r: float(_abstained(r)))
    value = counted.f1
    card["abstention_f1"] = {
        "value": None if value is None else round(value, 4),
        "low": None,
        "high": None,
        "n": len(known),
    }
    card["false_refusal_rate"] = _estimated(answerable, lambda r: float(_abstained(r)))
    reasoned = [r for r in unanswerable if _abstained(r) and r.item.reason]
    card["reason_accuracy"] = _estimated(reasoned, lambda r: float(str(r.answer.reason) == r.item.reason))
    return card


def _abstained(record: Record) -> bool:
    return bool(record.verdict.values["abstained"])


def chapter_of(record: Record) -> str:
    """The chapter of the first gold section; `-` for items without one."""
    gold = record.item.sections or record.item.all_sections
    return gold[0].partition(".")[0] if gold else "-"


SLICES: Mapping[str, Callable[[Record], str]] = {
    "kind": lambda record: record.item.kind,
    "lang": lambda record: record.item.lang or record.answer.language,
    "chapter": chapter_of,
    "turn": lambda record: "follow-up" if len(record.item.turns) > 1 else "single",
    "kind × lang": lambda record: f"{record.item.kind} · {record.item.lang or record.answer.language}",
}
_SLICED = ("strict", "recall@1", "recall@5", "key_facts", "section_precision")


def slices(records: Sequence[Record]) -> dict[str, dict[str, dict[str, Estimate]]]:
    """Chosen metrics by chapter, kind, language and turn."""
    found: dict[str, dict[str, dict[str, Estimate]]] = {}
    for name, key in SLICES.items():
        groups: dict[str, list[Record]] = defaultdict(list)
        for record in records:
            groups[key(record)].append(record)
        order = sorted(groups, key=lambda group: (int(group) if group.isdecimal() else 99, group))
        found[name] = {
            group: {metric: _estimated(groups[group], _metric(metric)) for metric in _SLICED}
            for group in order
        }
    return found


def outcomes(records: Sequence[Record]) -> dict[str, dict[str, int]]:
    """Counts of outcomes by kind."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        table[record.item.kind][str(record.verdict.outcome)] += 1
    return {kind: {str(o): table[kind][str(o)] for o in Outcome} for kind in sorted(table)}


def reasons(records: Sequence[Record]) -> dict[str, dict[str, int]]:
    """For unanswerable items: how often each expected reason met each given reason, or an answer."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        if record.item.answerable is False:
            given = str(record.answer.reason) if _abstained(record) else "answered"
            table[record.item.reason or "-"][given] += 1
    columns = (*sorted(REASONS), "answered")
    return {reason: {c: table[reason][c] for c in columns if table[reason][c]} for reason in sorted(table)}


def calibration(records: Sequence[Record]) -> dict[str, Any]:
    """How well the confidence tells right outcomes from wrong ones."""
    scored = [record for record in records if record.verdict.strict is not None]
    confidence = [record.answer.confidence for record in scored]
    right = [bool(record.verdict.strict) for record in scored]
    answered = [(r.answer.confidence, bool(r.verdict.strict)) for r in scored if not _abstained(r)]
    curve = metrics.risk_coverage([c for c, _ in answered], [good for _, good in answered])
    rounded: Callable[[float | None], float | None] = lambda v: None if v is None else round(v, 4)  # noqa: E731
    return {
        "n": len(scored),
        "auroc": rounded(metrics.auroc(confidence, right)),
        "auroc_answerable": rounded(
            metrics.auroc(confidence, [bool(record.item.answerable) for record in scored])
        ),
        "aurc": rounded(metrics.area_under_risk(curve)),
        "brier": rounded(metrics.brier(confidence, right)),
        "ece": rounded(metrics.calibration_error(confidence, right)),
        "risk_coverage": [[round(c, 4), round(risk, 4)] for c, risk in curve],
        "reliability": [
            [round(c, 4), round(share, 4), n] for c, share, n in metrics.reliability(confidence, right)
        ],
    }


def _pairs(records: Sequence[Record]) -> dict[str, Any]:
    """Chinese and English wordings of the same question: the gap, its interval and its p-value."""
    by_id = {record.item.id: record for record in records}
    pairs = []
    for record in records:
        base = by_id.get(record.item.base_id)
        if base is not None and (base.item.lang, record.item.lang) == ("zh", "en"):
            first, second = base.verdict.strict, record.verdict.strict
            if first is not None and second is not None:
                pairs.append((record.item.cluster, first, second))
    differences = [second - first for _, first, second in pairs]
    gap = estimate(differences, [f"{at}" for at, _ in enumerate(pairs)])
    lost = sum(d < 0 for d in differences)
    gained = sum(d > 0 for d in differences)
    return {
        "n": len(pairs),
        "zh": estimate([first for _, first, _ in pairs], [c for c, _, _ in pairs]),
        "en": estimate([second for _, _, second in pairs], [c for c, _, _ in pairs]),
        "gap": gap,
        "only_zh": lost,
        "only_en": gained,
        "p": round(metrics.mcnemar(gained, lost), 4),
    }


def retention(records: Sequence[Record]) -> dict[str, dict[str, Any]]:
    """Under each variant: of the questions right as written, the share that stays right."""
    by_id = {record.item.id: record for record in records}
    groups: dict[str, list[tuple[Record, Record]]] = defaultdict(list)
    for record in records:
        base = by_id.get(record.item.base_id)
        if record.item.variant and base is not None:
            groups[record.item.variant].append((base, record))
    found = {}
    for variant in sorted(groups):
        pairs = groups[variant]
        kept = [
            (float(changed.verdict.strict or 0), base.item.cluster)
            for base, changed in pairs
            if base.verdict.strict
        ]
        found[variant] = {
            "n": len(pairs),
            "base": estimate(
                [float(b.verdict.strict or 0) for b, _ in pairs], [b.item.cluster for b, _ in pairs]
            ),
            "strict": estimate(
                [float(c.verdict.strict or 0) for _, c in pairs], [b.item.cluster for b, _ in pairs]
            ),
            "kept": estimate([value for value, _ in kept], [cluster for _, cluster in kept]),
        }
    return found


def notes(records: Sequence[Record]) -> list[str]:
    """What a reader must know about the data: what is missing, and what can't be told for that reason."""
    found = []
    keyless = sum(not record.item.has_key for record in records)
    if keyless:
        found.append(
            f"{keyless} 题没有要点和章节，不计严格正确率，只与参考答案比较。 "
            f"{keyless} items have neither key facts nor sections: "
            "strict correctness is not scored for them, they are only compared with the reference answer."
        )
    unsearched = sum(bool(r.item.answerable) and not r.item.sections for r in records)
    if unsearched:
        found.append(
            f"{unsearched} 题没有标出章节，不计检索与引用。 "
            f"{unsearched} items name no sections: retrieval and citations are "
            "not scored for them."
        )
    return found


def timings(records: Sequence[Record]) -> dict[str, Any]:
    """Latency in milliseconds over all scored questions."""
    times = [record.seconds * 1000 for record in records]
    stages: dict[str, list[float]] = defaultdict(list)
    for record in records:
        for name, value in record.answer.timings_ms.items():
            stages[name].append(value)
    shares = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
    return {
        "n": len(times),
        "quantiles_ms": {str(share): round(metrics.percentile(times, share) or 0, 2) for share in shares},
        "stages_ms": {
            name: [round(metrics.percentile(values, share) or 0, 2) for share in (0.5, 0.95)]
            for name, values in stages.items()
        },
    }
