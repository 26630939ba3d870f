"""`python -m eval`: run, compare, gate, bless, lint, fit, fit-form, variants, from-feedback, external."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eval.dataset import EvalError

if TYPE_CHECKING:
    from assistant.config import Settings
    from assistant.pipeline import Assistant
    from eval.dataset import Item

RUNS = Path("runs")
Pairs = list[tuple[str, "Item"]]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 a check failed, 2 the call or its input was wrong."""
    arguments = _parser().parse_args(argv)

    from pydantic import ValidationError

    from index.types import IndexingError

    try:
        command: Callable[[argparse.Namespace], int] = arguments.run
        return command(arguments)
    except (EvalError, IndexingError) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"读写失败。 Reading or writing failed: {error}", file=sys.stderr)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(map(str, first["loc"])).upper()
        print(f"设置 {name} 无效。 The setting {name} is wrong: {first['msg']}", file=sys.stderr)
    except KeyboardInterrupt:
        print(file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eval", description="评测 · how good the assistant is, and where it fails"
    )
    commands = parser.add_subparsers(dest="command", required=True)

    run = commands.add_parser("run", help="answer and score a data set, write the reports")
    run.add_argument(
        "--dataset",
        default="all",
        help="all (default: dev and test), one split (dev, test, calibration, fresh, sealed, locked, reserve, vault, depot), "
        "or a JSONL or CSV file",
    )
    run.add_argument("--config", type=Path, help="an .env file with the settings of this run")
    run.add_argument("-o", "--output", type=Path, help="the folder of the run (runs/<time>)")
    run.add_argument("--id", action="append", help="only this item; may be given several times")
    run.add_argument("--no-variants", action="store_true", help="leave the generated variants out")
    run.add_argument("--matrix", action="store_true", help="baselines and the oracle beside it")
    run.add_argument(
        "--judge", action="store_true", help="claims judged by the language model of the settings"
    )
    run.add_argument(
        "--judge-runs", type=int, default=3, metavar="N", help="how often each answer is judged (3)"
    )
    run.add_argument(
        "--judge-limit", type=int, default=100, metavar="N", help="how many answers are judged (100)"
    )
    run.set_defaults(run=_run)

    compare = commands.add_parser("compare", help="two runs, item by item")
    compare.add_argument("first", type=Path)
    compare.add_argument("second", type=Path)
    compare.add_argument("-o", "--output", type=Path, help="write compare.md and compare.html to this folder")
    compare.set_defaults(run=_compare)

    gate = commands.add_parser("gate", help="hard invariants, and no drop against the blessed run; 0, 1 or 2")
    gate.add_argument("folder", type=Path, nargs="?", help="a run; without one the questions are asked now")
    gate.add_argument("--junit", type=Path, help="write the verdict as JUnit XML")
    gate.set_defaults(run=_gate)

    bless = commands.add_parser(
        "bless", help="make a run the baseline of the gate: the only way to change it"
    )
    bless.add_argument("folder", type=Path)
    bless.set_defaults(run=_bless)

    lint = commands.add_parser("lint", help="check a data set; without a file, those of this repository")
    lint.add_argument("file", type=Path, nargs="?")
    lint.set_defaults(run=_lint)

    fit = commands.add_parser("fit", help="fit weights and thresholds on the development questions")
    fit.add_argument("--write", action="store_true", help="write what was fitted to the files in use")
    fit.set_defaults(run=_fit)

    form = commands.add_parser("fit-form", help="fit the reader of questions for the document's form")
    form.add_argument("--write", action="store_true", help="write what was fitted to the file in use")
    form.set_defaults(run=_fit_form)

    variants = commands.add_parser("variants", help="write the generated variants of the questions anew")
    variants.set_defaults(run=_variants)

    feedback = commands.add_parser("from-feedback", help="evaluation items from exported feedback")
    feedback.add_argument("file", type=Path, help="the JSONL of python -m assistant feedback export")
    feedback.add_argument("-o", "--output", type=Path, required=True)
    feedback.set_defaults(run=_from_feedback)

    external = commands.add_parser(
        "external", help="retrieval on public sets in SQuAD format that lie in a folder"
    )
    external.add_argument("folder", type=Path)
    external.add_argument(
        "--limit", type=int, default=1000, help="at most so many questions of each set (1000)"
    )
    external.set_defaults(run=_external)
    return parser


# --- asking ---


def _bar(name: str) -> Callable[[int, int], None]:
    from index.__main__ import progress_bar

    show = progress_bar()
    return lambda done, total: show(name, done, total)


def _settings(config: Path | None) -> Settings:
    from assistant.config import Settings

    if config is None:
        return Settings()
    if not config.is_file():
        raise EvalError(f"没有配置文件 {config}。 There is no config file {config}.")
    return Settings(_env_file=config)  # type: ignore[call-arg]  # pydantic-settings' own argument


def _open(settings: Settings) -> Assistant:
    from assistant.pipeline import Assistant
    from index.__main__ import progress_bar

    return Assistant.open(settings, progress=progress_bar())


def _pairs(name: str, *, with_variants: bool = True, ids: Sequence[str] | None = None) -> Pairs:
    """The items of a data set, each with the name of its split."""
    from eval.dataset import ALL_SPLITS, SPLITS, load_items, load_split
    from eval.variants import load_variants

    if name == "all" or name in ALL_SPLITS:
        chosen = reversed(SPLITS) if name == "all" else (name,)
        pairs = [(split, item) for split in chosen for item in load_split(split)]
        if with_variants:
            split_of = {item.id: split for split, item in pairs}
            pairs += [(split_of[item.base_id], item) for item in load_variants() if item.base_id in split_of]
    else:
        path = Path(name)
        pairs = [(path.stem, item) for item in load_items(path)]
    if ids:
        known = {item.id for _, item in pairs}
        if unknown := [id_ for id_ in ids if id_ not in known]:
            raise EvalError(f"没有题目 {unknown[0]}。 There is no item {unknown[0]}.")
        pairs = [(split, item) for split, item in pairs if item.id in ids]
    return pairs


def _run(arguments: argparse.Namespace) -> int:
    from eval import report
    from eval.run import ask_all, cold_start, manifest, new_folder, peak_memory, write_run
    from eval.summary import summarise, timings

    settings = _settings(arguments.config)
    pairs = _pairs(arguments.dataset, with_variants=not arguments.no_variants, ids=arguments.id)
    assistant = _open(settings)
    records = ask_all(assistant, pairs, progress=_bar("run"))
    summary = summarise(records)
    if arguments.matrix:
        from eval.baselines import matrix

        summary["matrix"] = matrix(assistant, records, progress=_bar("matrix"))
    if arguments.judge:
        from eval.judge import judge_records

        summary["judge"] = judge_records(
            records,
            assistant.index.document,
            settings,
            runs=arguments.judge_runs,
            limit=arguments.judge_limit,
            progress=_bar("judge"),
        )
    made_with = manifest(assistant, settings, pairs, name=arguments.dataset)
    times = {
        **timings(records),
        "cold_start_s": round(cold_start(), 2),
        "peak_memory_mib": round(peak_memory(), 1),
    }
    folder = arguments.output or new_folder(RUNS)
    write_run(folder, records, summary, made_with, times)
    page = report.write_html(folder, records, summary, made_with, times, assistant.index.document)
    report.print_summary(summary, times)
    print(f"\n{page}")
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from eval.compare import compare, print_comparison, write_comparison
    from eval.run import read_run

    comparison = compare(read_run(arguments.first), read_run(arguments.second))
    print_comparison(comparison)
    if arguments.output:
        print(f"\n{write_comparison(comparison, arguments.output)}")
    return 0


def _gate(arguments: argparse.Namespace) -> int:
    from eval.compare import check_gate, load_baseline, print_gate, write_junit
    from eval.run import ask_all, read_run

    baseline = load_baseline()
    if arguments.folder:
        rows = read_run(arguments.folder).rows
    else:
        pairs = _pairs("all", with_variants=False)
        records = ask_all(_open(_settings(None)), pairs, arms=False, progress=_bar("gate"))
        rows = {record.item.id: record.to_row() for record in records}
    checks = check_gate(rows, baseline)
    print_gate(checks)
    if arguments.junit:
        write_junit(checks, arguments.junit)
    return 0 if all(check.passed for check in checks) else 1


def _bless(arguments: argparse.Namespace) -> int:
    from eval.compare import BASELINE, bless
    from eval.run import read_run

    bless(read_run(arguments.folder))
    print(BASELINE)
    return 0


def _lint(arguments: argparse.Namespace) -> int:
    """Print what is wrong; 0 if nothing is, 1 otherwise."""
    from assistant.config import Settings
    from eval.dataset import ALL_SPLITS, lint, load_items, load_split, written_questions
    from eval.variants import load_variants
    from index.parse import parse_file

    document = parse_file(Settings().document)
    if arguments.file:
        findings = lint(load_items(arguments.file), document, written=written_questions())
    else:
        splits = {split: load_split(split) for split in ALL_SPLITS}
        variants = load_variants()
        findings = []
        for split, items in splits.items():
            ids = {item.id for item in items}
            own = [*items, *(variant for variant in variants if variant.base_id in ids)]
            others = {name: other for name, other in splits.items() if name != split}
            findings += lint(own, document, others=others, written=written_questions())
    for finding in findings:
        print(finding)
    print(f"{len(findings)} 处问题 findings", file=sys.stderr)
    return 1 if findings else 0


def _fit(arguments: argparse.Namespace) -> int:
    from eval.calibrate import calibrate_and_print
    from eval.dataset import load_split
    from eval.fit import fit_and_print
    from eval.variants import load_variants

    items = [*load_split("dev"), *load_split("calibration")]
    ids = {item.id for item in items}
    variants = [variant for variant in load_variants() if variant.base_id in ids]
    assistant = _open(_settings(None))
    fit_and_print(assistant.index, [*items, *variants], write=arguments.write, progress=_bar("legs"))
    # In a process of its own weights are read once: the calibration is fitted on the weights in use.
    calibrate_and_print(assistant, items, write=arguments.write)
    return 0


def _fit_form(arguments: argparse.Namespace) -> int:
    from assistant.config import Settings
    from eval.form import fit_and_print
    from index.parse import parse_file

    fit_and_print(parse_file(Settings().document), write=arguments.write)
    return 0


def _variants(_arguments: argparse.Namespace) -> int:
    from eval.dataset import SPLITS, load_split
    from eval.variants import VARIANTS, make_variants, save_variants

    made = [variant for split in SPLITS for variant in make_variants(load_split(split))]
    save_variants(made)
    print(f"{VARIANTS}: {len(made)}")
    return 0


def _from_feedback(arguments: argparse.Namespace) -> int:
    from eval.dataset import items_from_feedback, save_items

    items, left_out = items_from_feedback(arguments.file)
    save_items(items, arguments.output)
    print(f"{arguments.output}: {len(items)}（{left_out} 条无从判断，未收入 left out as undecidable）")
    return 0


def _external(arguments: argparse.Namespace) -> int:
    from eval.external import evaluate_folder, print_table

    settings = _settings(None)
    print_table(evaluate_folder(arguments.folder, settings, limit=arguments.limit, progress=_bar("external")))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
