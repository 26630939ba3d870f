"""Command line: ``python -m index.training train`` and ``python -m index.training eval``."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from index.training.corpus import TrainingDataError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m index.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train the bundled model from the data folder")
    train.add_argument("--out", type=Path, default=Path("index/model"), help="folder of the model")
    train.add_argument(
        "--tokenizer", type=Path, help="a tokenizer.json to train for; otherwise a new one is made"
    )
    train.add_argument(
        "--start",
        type=Path,
        help="folder of a model to cool down, instead of training one from the beginning",
    )
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--threads", type=int, default=2)
    measure = commands.add_parser("eval", help="measure a model, or plain keywords, on the dev sets")
    what = measure.add_mutually_exclusive_group()
    what.add_argument(
        "--model", default="index/model", help="a folder or the hub name of a sentence-transformers model"
    )
    what.add_argument("--keywords", action="store_true", help="character n-grams instead of a model")
    for command in (train, measure):
        command.add_argument("--data", type=Path, required=True, help="folder that holds train/ and dev/")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit code (2 when the data is missing or wrong)."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        if options.command == "train":
            import torch

            from index.training.recipe import RECIPE, run

            torch.set_num_threads(options.threads)
            run(
                options.data,
                options.out,
                RECIPE,
                seed=options.seed,
                vocabulary_from=options.tokenizer,
                start_from=options.start,
            )
        else:
            from index.training.evaluate import Keywords, Model, evaluate, table, tasks

            scorer = Keywords() if options.keywords else Model(options.model)
            print(table(evaluate(scorer, tasks(options.data))))
    except TrainingDataError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
