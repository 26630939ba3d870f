"""The recipe: what is trained on, for how long, and how the pieces are put together."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from tokenizers import Tokenizer
from tqdm import tqdm

from index.training import corpus, vocabulary
from index.training.batches import Tokenised, cloze, tokenised
from index.training.fit import Stage, TokenVectors, train
from index.training.save import load, save

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)
DOMAIN = frozenset({"zh_govreport_heading2text", "zh_govpolicy_title2text", "own_questions"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides the model besides the data and the seed.

    Attributes:
        size: The vocabulary.
        dimensions: Length of a vector.
        stage: Length and rates of the training.
        cool_down: A further stretch at a low rate, from where the training ends.
        cool_downs: So many of them, each in an order of its own; their vectors are averaged. They start from one point
            and stay near it, so their mean is a model too (Wortsman et al. 2022, model soups), as good as the best of them.
        lexicon: Passes of the glossary in one pass over the mix.
        questions: Passes of the own questions on government texts in one pass over the mix.
        encyclopaedia: Passes of those on encyclopaedia paragraphs.
        names: Passes of the list of names.
        cloze: Source name to passes over its passages with windows of themselves as queries.
    """

    size: vocabulary.VocabularySize = field(default_factory=vocabulary.VocabularySize)
    dimensions: int = 512
    stage: Stage = field(default_factory=lambda: Stage(passes=3, rate=0.05, average_last=0.1))
    cool_down: Stage = field(default_factory=lambda: Stage(passes=0.7, rate=0.01, average_last=0.5))
    cool_downs: int = 3
    lexicon: float = 3
    questions: float = 4
    encyclopaedia: float = 8
    names: float = 6
    cloze: dict[str, float] = field(
        default_factory=lambda: {
            "zh_govreport_heading2text": 1,
            "zh_govpolicy_title2text": 2,
            "zh_qa_passage": 1,
            "zh_law_heading2text": 0.3,
        }
    )


RECIPE = Recipe()


def pairs(folder: Path, recipe: Recipe) -> list[corpus.Pairs]:
    """All training sets: the sources without the held-out paragraphs, the glossary, and the own questions."""
    own = corpus.asked(folder)
    unseen = frozenset(row.sha for row in own if corpus.held_out(row.sha))
    sets = [corpus.load(folder, source, excluded=unseen) for source in corpus.SOURCES]
    for name, passes in (("own_questions", recipe.questions), ("own_encyclopaedia", recipe.encyclopaedia)):
        of_encyclopaedia = name == "own_encyclopaedia"
        seen = [
            row
            for row in own
            if row.sha not in unseen and (row.source == corpus.ENCYCLOPAEDIC) == of_encyclopaedia
        ]
        if seen:
            texts = [row.question for row in seen], [row.paragraph for row in seen]
            sets.append(corpus.Pairs(name, *texts, passes, "zh-en"))
    return [*sets, *corpus.lexicon_pairs(passes=recipe.lexicon), corpus.name_pairs(passes=recipe.names)]


def start(
    sets: Sequence[Tokenised], entries: int, dimensions: int, *, seed: int, spread: float = 0.1
) -> torch.Tensor:
    """Random vectors, shorter for frequent tokens (Arora et al. 2017, smooth inverse frequency).

    Returns:
        Shape (entries, dimensions).
    """
    counts = np.ones(entries)
    for part in sets:
        for side in (part.a, part.b):
            counts += np.bincount(side.ids, minlength=entries) * part.passes
    share = torch.from_numpy(counts / counts.sum()).float().unsqueeze(1)
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(entries, dimensions, generator=generator) * spread * (1e-3 / (1e-3 + share))


def cooled_down(
    weight: torch.Tensor, sets: Sequence[Tokenised], recipe: Recipe, *, seed: int
) -> torch.Tensor:
    """The mean of the vectors after each of the recipe's cool-downs, those given where it has none.

    Args:
        weight: Where all of them start, shape (vocabulary, dimensions); not changed.
        sets: The mix.
        recipe: How many, and how long.
        seed: Of the first; each further one takes the next.
    """
    cooled = [
        train(TokenVectors(weight), sets, recipe.cool_down, seed=seed + number)
        for number in range(recipe.cool_downs)
    ]
    return torch.stack(cooled).mean(dim=0) if cooled else weight


def run(
    folder: Path,
    out: Path,
    recipe: Recipe,
    *,
    seed: int,
    vocabulary_from: Path | None = None,
    start_from: Path | None = None,
) -> None:
    """Train and write the model.

    Args:
        folder: The data folder, which holds ``train/``.
        out: The model's folder.
        recipe: How to train.
        seed: Of every random choice.
        vocabulary_from: A ``tokenizer.json`` to train for; by default a vocabulary is counted anew.
        start_from: A model's folder, whose tokenizer and vectors take the place of the first stretch.

    Raises:
        TrainingDataError: the data, or the model to start from, is not there.
    """
    if start_from:
        vocabulary_from = start_from / "tokenizer.json"
    if vocabulary_from and not vocabulary_from.is_file():
        raise corpus.TrainingDataError(f"there is no {vocabulary_from}")
    texts = pairs(folder, recipe)
    logger.info("%s pairs in %d sets", f"{sum(len(part.a) for part in texts):,}", len(texts))
    if vocabulary_from:
        tokenizer = Tokenizer.from_file(str(vocabulary_from))
    else:
        terms = [entry["term"] for entry in corpus.lexicon()]
        tokenizer = vocabulary.build(vocabulary.count(texts, domain=DOMAIN), recipe.size, terms=terms)
    sets = [tokenised(part, tokenizer) for part in tqdm(texts, desc="tokenise", unit="set")]
    sets += [cloze(part, passes=recipe.cloze[part.name]) for part in sets if part.name in recipe.cloze]
    if start_from:
        weight = load(start_from)
    else:
        vectors = TokenVectors(start(sets, tokenizer.get_vocab_size(), recipe.dimensions, seed=seed))
        weight = train(vectors, sets, recipe.stage, seed=seed)
    save(out, tokenizer, cooled_down(weight, sets, recipe, seed=seed + 1))
    logger.info("wrote %s", out)
