"""A run's reports: a table for the console, and one self-contained HTML page in Chinese and English."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.plots import Bar, bar_plot, histogram, interval_mark, line_plot
from eval.run import ARMS, Record
from eval.scoring import INVARIANTS, Outcome
from index.retrieve import LEGS
from index.types import Document

WEB = Path(__file__).with_name("web")
# Leg scores below this are left out of the item browser.
_SHOWN_FROM = 0.05
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"

# Metrics of the scorecard by group: key, Chinese and English name, what it is in a few words.
GROUPS: tuple[tuple[tuple[str, str], tuple[tuple[str, str, str, str, str], ...]], ...] = (
    (
        ("答得对不对", "Correctness"),
        (
            (
                "strict",
                "严格正确率",
                "Strictly correct",
                "要点齐、章节对、该拒则拒",
                "all key facts, a right section; refusal where due",
            ),
            (
                "key_facts",
                "要点覆盖",
                "Key facts told",
                "答案或引文中出现的要点",
                "key facts in the answer or its quotes",
            ),
            (
                "number_recall",
                "数字召回",
                "Number recall",
                "该说的数字说了",
                "numbers asked for that are told",
            ),
            (
                "number_precision",
                "数字精确",
                "Number precision",
                "说出的数字有据",
                "numbers told that the gold holds",
            ),
            (
                "char_f1",
                "字符 F1",
                "Character F1",
                "引文与标准句的重合",
                "overlap of quotes and gold sentences",
            ),
        ),
    ),
    (
        ("引用", "Citations"),
        (
            (
                "section_precision",
                "章节精确",
                "Section precision",
                "引的章节是对的",
                "cited sections that are right",
            ),
            (
                "section_recall",
                "章节召回",
                "Section recall",
                "对的章节引到了",
                "right sections that are cited",
            ),
            (
                "sentence_precision",
                "句子精确",
                "Sentence precision",
                "引的句子是标准句",
                "cited sentences that are gold",
            ),
            (
                "sentence_recall",
                "句子召回",
                "Sentence recall",
                "标准句引到了",
                "gold sentences that are cited",
            ),
            ("verbatim", "逐字引用", "Verbatim quotes", "引文与原文一字不差", "quotes equal to the document"),
            (
                "supported_numbers",
                "数字有据",
                "Numbers supported",
                "答案里的数字在引文中",
                "numbers that the quotes hold",
            ),
        ),
    ),
    (
        ("检索", "Retrieval"),
        (
            ("recall@1", "召回@1", "Recall@1", "第一名就是对的章节", "a right section ranked first"),
            ("recall@3", "召回@3", "Recall@3", "前三名内", "within the first three"),
            ("recall@5", "召回@5", "Recall@5", "前五名内", "within the first five"),
            (
                "mrr@10",
                "MRR@10",
                "MRR@10",
                "首个正确章节名次的倒数",
                "reciprocal rank of the first right one",
            ),
            ("ndcg@5", "nDCG@5", "nDCG@5", "带折扣的排序质量", "discounted ranking quality"),
            (
                "sentence_hit@1",
                "句子命中@1",
                "Sentence hit@1",
                "第一句就是标准句",
                "a gold sentence ranked first",
            ),
            ("sentence_hit@5", "句子命中@5", "Sentence hit@5", "前五句内", "within the first five"),
        ),
    ),
    (
        ("该拒则拒", "Abstention"),
        (
            (
                "abstention_recall",
                "拒答召回",
                "Abstention recall",
                "答不了的题拒了",
                "unanswerable questions refused",
            ),
            (
                "abstention_precision",
                "拒答精确",
                "Abstention precision",
                "拒掉的确实答不了",
                "refused ones that are unanswerable",
            ),
            ("abstention_f1", "拒答 F1", "Abstention F1", "两者的调和平均", "their harmonic mean"),
            (
                "false_refusal_rate",
                "误拒率 ↓",
                "False refusals ↓",
                "能答却拒了（越低越好）",
                "answerable but refused; lower is better",
            ),
            (
                "reason_accuracy",
                "拒答理由",
                "Reason given",
                "拒答时理由也对",
                "refusals with the right reason",
            ),
        ),
    ),
)
NAMES = {key: (zh, en) for _, rows in GROUPS for key, zh, en, _, _ in rows}
LOWER_IS_BETTER = frozenset(("false_refusal_rate",))

# Words of the page that its script needs, Chinese and English.
WORDS: dict[str, tuple[str, str]] = {
    "all-split": ("全部题集", "all splits"),
    "all-kind": ("全部类型", "all kinds"),
    "all-lang": ("全部语言", "all languages"),
    "all-outcome": ("全部结果", "all outcomes"),
    "all-stage": ("全部失败环节", "all failing stages"),
    "search": ("搜索问题、答案、编号", "search questions, answers, ids"),
    "more": ("再显示一些", "show more"),
    "none": ("没有符合条件的题目", "no item matches"),
    "right": ("答对", "right"),
    "wrong": ("答错", "wrong"),
    "refused": ("误拒", "refused wrongly"),
    "right_refusal": ("正确拒答", "refused rightly"),
    "wrong_answer": ("该拒未拒", "should have refused"),
    "unscored": ("不计分", "not scored"),
    "understanding": ("理解", "understanding"),
    "retrieval": ("检索", "retrieval"),
    "selection": ("选句", "selection"),
    "citation": ("引用", "citation"),
    "abstention": ("拒答判断", "abstention"),
    "first-failure": ("最先出错：", "first failure:"),
    "expected": ("应有", "Expected"),
    "got": ("所得", "Got"),
    "sentences": ("句子：标准与所引", "Sentences: gold and cited"),
    "s-both-hit": ("标准句，已引用", "gold, cited"),
    "s-gold": ("标准句，未引用", "gold, not cited"),
    "s-extra": ("已引用，非标准句", "cited, not gold"),
    "ranking": ("检索名次与各路得分", "Ranked sections with the score of each leg"),
    "reproduce": ("复现", "Reproduce"),
    "should-abstain": ("应当拒答", "should be refused"),
    "all-needed": ("须全部引用：", "all needed:"),
    "must-not": ("不得出现：", "must not stand:"),
    "missing": ("缺：", "missing:"),
    "understood": ("理解为：", "understood as:"),
    "rewrite": ("标准改写：", "gold rewrite:"),
    "not-searched": ("这类问题不检索章节。", "Nothing is searched for this question."),
    "confidence": ("把握", "confidence"),
    "answered": ("已回答", "answered"),
    "partial": ("部分回答", "answered in part"),
    "abstained": ("拒答", "abstained"),
    "help": ("使用说明", "help"),
    "not_in_document": ("文件未涉及", "not in the document"),
    "figure_not_stated": ("未写明数字等", "figure not stated"),
    "needs_current_data": ("需要最新数据", "needs current data"),
    "out_of_scope": ("超出范围", "out of scope"),
    "ambiguous": ("问题不明", "ambiguous"),
    "instruction": ("诱导指令", "instruction"),
    "citations_resolve": ("引用可追溯", "citations resolve"),
    "quotes_verbatim": ("引文逐字", "quotes verbatim"),
    "sentences_cited": ("句句有引", "every line cited"),
    "no_canary": ("未泄露诱饵", "no canary leaked"),
    "abstention_bare": ("拒答不带引用", "no citation under a refusal"),
    "test": ("测试集", "test"),
    "dev": ("开发集", "dev"),
    "fact": ("事实", "fact"),
    "paraphrase": ("口语改述", "paraphrase"),
    "english": ("英文", "English"),
    "translation": ("中英对照", "translation"),
    "other_language": ("其他语言", "other languages"),
    "multiturn": ("多轮", "follow-up"),
    "unanswerable": ("不可回答", "unanswerable"),
    "structure": ("结构", "structure"),
    "robust": ("输入噪声", "robustness"),
    "commitment": ("表述力度", "commitment"),
    "adversarial": ("对抗", "adversarial"),
    "multi": ("一问多事", "multi-part"),
    "own": ("自有题目", "own questions"),
    "feedback": ("读者反馈", "feedback"),
    "single": ("单轮", "single turn"),
    "follow-up": ("追问", "follow-up"),
    "history": ("带上文", "with history"),
    "rewrite-arm": ("标准改写", "gold rewrite"),
    "none-arm": ("不带上文", "without history"),
    "homophone": ("同音错字", "homophone"),
    "typos": ("手误", "typos"),
    "traditional": ("繁体", "traditional"),
    "full-width": ("全角", "full width"),
    "code-mixed": ("中英夹杂", "code-mixed"),
    "loose": ("随手一问", "loose"),
    "ans.": ("可答", "answerable"),
    "unans.": ("不可答", "unanswerable"),
    "r@1": ("召回@1", "recall@1"),
    "r@5": ("召回@5", "recall@5"),
    "-": ("无章节", "no section"),
}


# --- the console ---


def print_summary(summary: Mapping[str, Any], times: Mapping[str, Any]) -> None:
    """The scorecard of every split side by side, then what broke and how fast it was."""
    from rich.table import Table

    from eval.console import wide_console

    console = wide_console()
    splits = summary["splits"]
    table = Table(title=" · ".join(f"{name} {split['items']}" for name, split in splits.items()))
    table.add_column("指标 metric")
    for name in splits:
        table.add_column(name, justify="right", no_wrap=True)
        table.add_column("95 %", justify="right", style="dim", no_wrap=True)
        table.add_column("n", justify="right", style="dim", no_wrap=True)
    for _, rows in GROUPS:
        for key, zh, en, _, _ in rows:
            cells = [f"{zh} {en}" if zh != en else zh]
            for split in splits.values():
                found = split["scorecard"][key]
                cells += [_share(found["value"]), _range(found), str(found["n"])]
            table.add_row(*cells)
        table.add_section()
    console.print(table)
    for variant, kept in summary["retention"].items():
        console.print(f"{variant}: {_share(kept['kept']['value'])} kept of {kept['kept']['n']}", style="dim")
    for title, lines in _matrix_tables(summary):
        shown = Table(title=title)
        for at, name in enumerate(lines[0]):
            shown.add_column(name, justify="right" if at else "left", no_wrap=True)
        for line in lines[1:]:
            shown.add_row(*line)
        console.print(shown)
    broken = {name: ids for name, ids in summary["invariants"].items() if ids}
    verdict = "不变量 invariants: " + (", ".join(f"{n} {len(ids)}" for n, ids in broken.items()) or "0")
    console.print(verdict, style="bold red" if broken else "green")
    quantiles = times["quantiles_ms"]
    console.print(
        f"p50 {quantiles['0.5']:.0f} ms · p95 {quantiles['0.95']:.0f} ms · 冷启动 cold start "
        f"{times['cold_start_s']:.1f} s · 内存 memory {times['peak_memory_mib']:.0f} MiB"
    )
    for note in summary["notes"]:
        console.print(note, style="yellow")


def _matrix_tables(summary: Mapping[str, Any]) -> list[tuple[str, list[list[str]]]]:
    """Title and rows of the baselines' table, a header first, for each split."""
    tables = []
    for split, systems in summary.get("matrix", {}).items():
        rows = [["基线 system", "strict", "95 %", "ans.", "unans.", "r@1", "r@5"]]
        for name, values in systems.items():
            strict = values["strict"]
            rest = [
                _share(values[key]["value"]) for key in ("answerable", "unanswerable", "recall@1", "recall@5")
            ]
            rows.append([name, _share(strict["value"]), _range(strict), *rest])
        tables.append((f"{split} ({next(iter(systems.values()))['strict']['n']})", rows))
    return tables


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _range(found: Mapping[str, Any]) -> str:
    return "" if found["low"] is None else f"{100 * found['low']:.0f}–{100 * found['high']:.0f}"


# --- the page ---


def write_html(
    folder: Path,
    records: Sequence[Record],
    summary: Mapping[str, Any],
    made_with: Mapping[str, Any],
    times: Mapping[str, Any],
    document: Document,
) -> Path:
    """Write `report.html`; returns its path."""
    page = folder / "report.html"
    page.write_text(page_of(records, summary, made_with, times, document), "utf-8")
    return page


def style() -> str:
    """The style sheet of all pages."""
    return (WEB / "report.css").read_text("utf-8")


def page_of(
    records: Sequence[Record],
    summary: Mapping[str, Any],
    made_with: Mapping[str, Any],
    times: Mapping[str, Any],
    document: Document,
) -> str:
    """The whole page."""
    splits = summary["splits"]
    first = next(iter(splits))
    body = "".join(
        (
            _header(made_with, summary),
            _tiles(splits[first], summary, times, first),
            "".join(f"<p class=note>{html.escape(note)}</p>" for note in summary["notes"]),
            _scorecard(splits),
            _matrix(summary),
            _judge(summary),
            _slices(splits[first], first),
            _plots(splits[first], summary, records, times, first),
            _outcome_tables(splits[first], first),
            _browser(),
            _made_with(made_with, times),
        )
    )
    data = json.dumps(_page_data(records, document), ensure_ascii=False, separators=(",", ":")).replace(
        "<", "\\u003c"
    )
    return (
        "<!doctype html><html lang=zh-CN data-lang=zh><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>评测报告 Evaluation · {html.escape(str(made_with['dataset']))}</title>"
        f"<style>{style()}</style></head>"
        f"<body><main>{body}</main><script type=application/json id=data>{data}</script>"
        f"<script>{(WEB / 'report.js').read_text('utf-8')}</script></body></html>"
    )


def table_of(head: str, body: str, *, kind: str = "") -> str:
    """A table that scrolls sideways where it must; `head` holds cells, `body` rows."""
    shown = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f"<div class=scroll><table class='{kind}'>{shown}<tbody>{body}</tbody></table></div>"


def _t(zh: str, en: str) -> str:
    """A text in both languages, of which the page shows one."""
    if zh == en:
        return html.escape(zh)
    return f"<span class=t lang=zh>{html.escape(zh)}</span><span class=t lang=en>{html.escape(en)}</span>"


def _w(key: str) -> str:
    zh, en = WORDS.get(key, (key, key))
    return _t(zh, en)


def _header(made_with: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    counts = " · ".join(f"{name} {split['items']}" for name, split in summary["splits"].items())
    commit = html.escape(made_with["commit"] or "–")
    return (
        f"<header><div><h1>{_t('问答评测报告', 'Evaluation of the assistant')}</h1>"
        f"<p class=meta>{_t('题集', 'Questions')} {html.escape(counts)} · "
        f"{_t('版本', 'commit')} <code>{commit}</code> · "
        f"{_t('嵌入模型', 'embedding')} {html.escape(str(made_with['index']['model']))} · "
        f"{_t('语言模型', 'language model')} {html.escape(made_with['settings'].get('llm') or '–')}</p></div>"
        "<button id=language type=button>English</button></header>"
    )


def _tiles(split: Mapping[str, Any], summary: Mapping[str, Any], times: Mapping[str, Any], name: str) -> str:
    card = split["scorecard"]
    tiles = []
    for at, key in enumerate(
        ("strict", "recall@5", "section_precision", "abstention_recall", "false_refusal_rate")
    ):
        found = card[key]
        between = f"95 % {_range(found)} · n {found['n']}"
        tiles.append(
            f"<div class='tile{' lead' if not at else ''}'>"
            f"<div class=name>{_t(*NAMES[key])} · {_w(name)}</div>"
            f"<div class=value>{_share(found['value'])}<small>%</small></div>"
            f"<div class=range>{between}</div></div>"
        )
    broken = sum(len(ids) for ids in summary["invariants"].values())
    total = len(INVARIANTS)
    tiles.append(
        f"<div class='tile {'bad' if broken else 'good'}'>"
        f"<div class=name>{_t('违反硬约束', 'Invariants broken')}</div><div class=value>{broken}</div>"
        f"<div class=range>{_t(f'{total} 项，全部答案', f'{total} kinds, all answers')}</div></div>"
    )
    quantiles = times["quantiles_ms"]
    tiles.append(
        f"<div class=tile><div class=name>{_t('时延 p95', 'Latency p95')}</div><div class=value>"
        f"{quantiles['0.95']:.0f}<small> ms</small></div><div class=range>p50 {quantiles['0.5']:.0f} ms · "
        f"{_t('冷启动', 'cold start')} {times['cold_start_s']:.1f} s</div></div>"
    )
    return f"<div class=tiles>{''.join(tiles)}</div>"


def _scorecard(splits: Mapping[str, Any]) -> str:
    head = "".join(
        f"<th class=n>{_w(name)} %</th><th></th><th class=n>95 %</th><th class=n>n</th>" for name in splits
    )
    rows = []
    for group, metrics in GROUPS:
        rows.append(f"<tr class=group><td colspan={1 + 4 * len(splits)}>{_t(*group)}</td></tr>")
        for key, zh, en, what_zh, what_en in metrics:
            cells = [f"<td>{_t(zh, en)}<span class=what>{_t(what_zh, what_en)}</span></td>"]
            for split in splits.values():
                found = split["scorecard"][key]
                mark = (
                    "" if found["low"] is None else interval_mark(found["value"], found["low"], found["high"])
                )
                cells.append(
                    f"<td class=n><b>{_share(found['value'])}</b></td><td>{mark}</td>"
                    f"<td class=n>{_range(found)}</td><td class=n>{found['n']}</td>"
                )
            rows.append(f"<tr>{''.join(cells)}</tr>")
    explained = _t(
        "区间：各题独立的比率用 Wilson，其余按原题聚类自助法。不适用的题不计入 n。",
        "Intervals: Wilson for proportions of independent items, else a bootstrap clustered by base item. "
        "Items for which a metric is not defined are not counted in n.",
    )
    table = table_of(f"<th></th>{head}", "".join(rows))
    return f"<h2>{_t('成绩单', 'Scorecard')}</h2><div class=card>{table}</div><p class=note>{explained}</p>"


def _matrix(summary: Mapping[str, Any]) -> str:
    parts = []
    for title, rows in _matrix_tables(summary):
        head = "".join(f"<th>{_w(cell)}</th>" for cell in rows[0])
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:]
        )
        parts.append(f"<h3>{html.escape(title)}</h3>{table_of(head, body, kind='numbers')}")
    if not parts:
        return ""
    return f"<h2>{_t('基线与上限', 'Floors and ceilings')}</h2><div class=card>{''.join(parts)}</div>"


def _judge(summary: Mapping[str, Any]) -> str:
    judged = summary.get("judge")
    if not judged:
        return ""
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(str(value))}</td></tr>"
        for name, value in judged.items()
    )
    title = _t("语言模型评判", "Judged by a language model")
    return f"<h2>{title}</h2><div class=card>{table_of('', rows)}</div>"


def _heat(found: Mapping[str, Any]) -> str:
    """A value on a ground between the colours of bad and good."""
    if found["value"] is None:
        return "<span class=note>–</span>"
    good = max(0.0, min(1.0, (found["value"] - 0.5) / 0.5))
    ground = (
        f"color-mix(in srgb, color-mix(in oklab, var(--good) {100 * good:.0f}%, var(--bad)) 24%, var(--card))"
    )
    shown = f"{_share(found['value'])} <small>n {found['n']}</small>"
    return f'<span class=heat style="background:{ground}">{shown}</span>'


def _slices(split: Mapping[str, Any], name: str) -> str:
    slices = split["slices"]
    kinds, langs = list(slices["kind"]), list(slices["lang"])
    head = "".join(f"<th>{html.escape(lang)}</th>" for lang in langs)
    empty = {"value": None, "n": 0}
    rows = "".join(
        f"<tr><td>{_w(kind)}</td>"
        + "".join(
            f"<td>{_heat(slices['kind × lang'].get(f'{kind} · {lang}', {}).get('strict', empty))}</td>"
            for lang in langs
        )
        + "".join(f"<td>{_heat(slices['kind'][kind][key])}</td>" for key in ("strict", "recall@5"))
        + "</tr>"
        for kind in kinds
    )
    title = _t("按类型与语言的严格正确率", "Strictly correct, by kind and language")
    columns = f"<th></th>{head}<th>{_t('合计', 'all')}</th><th>{_t('召回@5', 'recall@5')}</th>"
    grid = _card(f"{title} · {_w(name)}", table_of(columns, rows))
    chapters = "".join(
        f"<tr><td>{_chapter(chapter)}</td>"
        f"<td>{_heat(found['strict'])}</td><td>{_heat(found['recall@1'])}</td><td>{_heat(found['recall@5'])}</td>"
        f"<td>{_heat(found['section_precision'])}</td></tr>"
        for by in ("chapter", "turn")
        for chapter, found in slices[by].items()
    )
    columns = "".join(
        f"<th>{_t(*NAMES[key])}</th>" for key in ("strict", "recall@1", "recall@5", "section_precision")
    )
    title = _t("按章与轮次", "By chapter and turn")
    by_chapter = _card(title, table_of(f"<th></th>{columns}", chapters))
    return f"<h2>{_t('切片', 'Slices')}</h2><div class=stack>{grid}{by_chapter}</div>"


def _chapter(name: str) -> str:
    if name == "0":
        return _t("前置部分", "front parts")
    return _t(f"第 {name} 章", f"chapter {name}") if name.isdecimal() else _w(name)


def _card(title: str, body: str, note: str = "") -> str:
    return (
        f"<div class=card><h3>{title}</h3>{body}" + (f"<p class=note>{note}</p>" if note else "") + "</div>"
    )


def _bars(values: Mapping[str, Mapping[str, Any]], *, title: str) -> str:
    """Bars for estimates by word; the labels are drawn in both languages."""
    drawn = []
    for at, language in enumerate(("zh", "en")):
        bars = [
            Bar(
                WORDS.get(key, (key, key))[at],
                v["value"],
                v["low"],
                v["high"],
                f"{_share(v['value'])} · n {v['n']}",
            )
            for key, v in values.items()
            if v["value"] is not None
        ]
        drawn.append(f"<div class=t lang={language}>{bar_plot(bars, title=title)}</div>")
    return "".join(drawn)


def _plots(
    split: Mapping[str, Any],
    summary: Mapping[str, Any],
    records: Sequence[Record],
    times: Mapping[str, Any],
    name: str,
) -> str:
    calibrated = split["calibration"]
    curve = [(coverage, risk) for coverage, risk in calibrated["risk_coverage"]]
    top = max([0.1, *(risk for _, risk in curve)])
    cards = []
    figures = f"AUROC {calibrated['auroc'] or 0:.3f} · AURC {calibrated['aurc'] or 0:.3f}"
    risk = "".join(
        f"<div class=t lang={lang}>"
        + line_plot(curve, title="risk and coverage", x_name=x, y_name=y, y_top=min(1.0, 1.15 * top))
        + "</div>"
        for lang, x, y in (
            ("zh", "覆盖率（按把握从高到低作答）", "错误率"),
            ("en", "coverage, most confident first", "share wrong"),
        )
    )
    cards.append(_card(f"{_t('风险与覆盖', 'Risk and coverage')} · {_w(name)}", risk, figures))
    bins = calibrated["reliability"]
    most = max([count for _, _, count in bins], default=1)
    reliability = "".join(
        f"<div class=t lang={lang}>"
        + line_plot(
            [(confidence, share) for confidence, share, _ in bins],
            title="reliability",
            x_name=x,
            y_name=y,
            diagonal=True,
            dots=[3 + 9 * (count / most) ** 0.5 for _, _, count in bins],
        )
        + "</div>"
        for lang, x, y in (("zh", "把握", "实际正确率"), ("en", "confidence", "share right"))
    )
    figures = f"ECE {calibrated['ece'] or 0:.3f} · Brier {calibrated['brier'] or 0:.3f}"
    cards.append(_card(_t("把握是否可信", "Is the confidence right?"), reliability, figures))
    if summary["retention"]:
        kept = {variant: found["kept"] for variant, found in summary["retention"].items()}
        note = _t(
            "原样答对的题，换一种写法后仍答对的比例", "of questions right as written, the share still right"
        )
        cards.append(
            _card(
                _t("换种写法还对不对", "Still right when written otherwise"),
                _bars(kept, title="retention"),
                note,
            )
        )
    if summary["pairs"]["n"]:
        pairs = summary["pairs"]
        gap = pairs["gap"]
        note = (
            f"n {pairs['n']} · {_t('差', 'gap')} {100 * gap['value']:+.1f} "
            f"({100 * gap['low']:+.1f} … {100 * gap['high']:+.1f}) · "
            f"McNemar p {pairs['p']:.3f}"
        )
        both = {"zh": pairs["zh"], "en": pairs["en"]}
        cards.append(
            _card(
                _t("同一问题，中文与英文", "The same question in Chinese and English"),
                _bars(both, title="pairs"),
                note,
            )
        )
    arms = {
        ("none-arm" if arm == "none" else "rewrite-arm" if arm == "rewrite" else arm): split["followups"][arm]
        for arm in ARMS
    }
    if any(found["n"] for found in arms.values()):
        note = _t(
            "同一追问：带上文、不带上文、人工改写为独立问题",
            "the same follow-up with its history, alone, and rewritten by hand",
        )
        cards.append(_card(f"{_t('追问', 'Follow-ups')} · {_w(name)}", _bars(arms, title="follow-ups"), note))
    quantiles = times["quantiles_ms"]
    marks = [("p50", quantiles["0.5"]), ("p95", quantiles["0.95"])]
    spent = histogram([r.seconds * 1000 for r in records], title="latency", x_name="ms", marks=marks)
    cards.append(
        _card(
            _t("每问耗时", "Time per question"), spent, f"n {times['n']} · {times['peak_memory_mib']:.0f} MiB"
        )
    )
    return f"<h2>{_t('图', 'Plots')}</h2><div class=grid>{''.join(cards)}</div>"


def _outcome_tables(split: Mapping[str, Any], name: str) -> str:
    shown = [str(outcome) for outcome in Outcome]
    legend = "".join(f"<span><i class=o-{outcome}></i>{_w(outcome)}</span>" for outcome in shown)
    rows = []
    for kind, counts in split["outcomes"].items():
        total = sum(counts.values())
        bar = "".join(
            f"<i class=o-{o} style='width:{100 * counts[o] / total:.2f}%'></i>" for o in shown if counts[o]
        )
        cells = "".join(f"<td class=n>{counts[o] or '·'}</td>" for o in shown)
        rows.append(
            f"<tr><td>{_w(kind)}</td><td><div class=bar>{bar}</div></td>{cells}<td class=n>{total}</td></tr>"
        )
    head = "".join(f"<th class=n>{_w(outcome)}</th>" for outcome in shown)
    columns = f"<th></th><th></th>{head}<th class=n>n</th>"
    table = f"<div class=legend>{legend}</div>{table_of(columns, ''.join(rows))}"
    given = sorted({reason for counts in split["reasons"].values() for reason in counts})
    reasons = "".join(
        f"<tr><td>{_w(expected)}</td>"
        + "".join(
            f"<td class=n>{'<b>' if reason == expected else ''}{counts.get(reason, '·')}"
            f"{'</b>' if reason == expected else ''}</td>"
            for reason in given
        )
        + "</tr>"
        for expected, counts in split["reasons"].items()
    )
    reasons_head = "".join(f"<th class=n>{_w(reason)}</th>" for reason in given)
    stages = "".join(
        f"<tr><td>{_w(stage)}</td><td class=n>{n}</td></tr>" for stage, n in split["stages"].items()
    )
    return (
        f"<h2>{_t('结果分布', 'Outcomes')} · {_w(name)}</h2><div class=card>{table}</div>"
        "<div class=grid style='margin-top:14px'>"
        + _card(
            _t("拒答理由：应为（行）与所给（列）", "Reasons: expected (rows) and given (columns)"),
            table_of(f"<th></th>{reasons_head}", reasons),
        )
        + _card(_t("最先出错的环节", "First failing stage"), f"<table><tbody>{stages}</tbody></table>")
        + "</div>"
    )


def _browser() -> str:
    selects = "".join(
        f"<select id=f-{name}></select>" for name in ("split", "kind", "lang", "outcome", "stage")
    )
    return (
        f"<h2>{_t('逐题查看', 'Item by item')}</h2><div class=filters><input type=search id=search>{selects}"
        f"<label><input type=checkbox id=only checked> {_t('只看出错的', 'failures only')}</label>"
        f"<label><input type=checkbox id=variants checked> {_t('含变体', 'with variants')}</label>"
        "<span class=note id=count></span></div>"
        "<div class=browser><div class=list id=list></div><div class=detail id=detail></div></div>"
    )


def _made_with(made_with: Mapping[str, Any], times: Mapping[str, Any]) -> str:
    shown = {**made_with, "timings": {name: value for name, value in times.items() if name != "stages_ms"}}
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td>"
        f"<td><code>{html.escape(json.dumps(value, ensure_ascii=False))}</code></td></tr>"
        for name, value in shown.items()
    )
    return f"<h2>{_t('本次运行', 'This run')}</h2><div class=card>{table_of('', rows)}</div>"


def _page_data(records: Sequence[Record], document: Document) -> dict[str, Any]:
    """What the item browser needs."""
    labels = {section.address: [section.label, section.label_en] for section in document.sections()}
    labels |= {chapter.address: [chapter.label, chapter.label_en] for chapter in document.chapters}
    return {
        "words": WORDS,
        "labels": labels,
        "legs": LEGS,
        "sentences": {sentence.address: sentence.text for sentence in document.sentences()},
        "items": [_browsed(record) for record in records],
    }


def _browsed(record: Record) -> dict[str, Any]:
    item, answer, verdict = record.item, record.answer, record.verdict
    sections = record.ranking.sections[:5] if record.ranking else ()
    return {
        "id": item.id,
        "split": record.split,
        "kind": item.kind,
        "lang": item.lang or answer.language,
        "variant": item.variant,
        "turns": item.turns,
        "standalone": item.standalone,
        "query": answer.query,
        "sections": item.sections,
        "all": item.all_sections,
        "sentences": item.sentences,
        "must": item.must,
        "mustNot": item.must_not,
        "answerable": item.answerable,
        "reason": item.reason,
        "reference": item.answer,
        "answer": answer.answer,
        "status": str(answer.status),
        "given": str(answer.reason) if answer.reason else "",
        "confidence": answer.confidence,
        "cited": [address for citation in answer.citations for address in citation.sentence_ids],
        "outcome": str(verdict.outcome),
        "stage": str(verdict.stage) if verdict.stage else "",
        "broken": verdict.broken,
        "missing": verdict.missing,
        "ranked": [
            [
                s.address,
                round(s.score, 4),
                {str(LEGS.index(leg)): round(v, 2) for leg, v in s.legs.items() if v >= _SHOWN_FROM},
            ]
            for s in sections
        ],
    }
