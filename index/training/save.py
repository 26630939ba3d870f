"""Writing the model's folder so that sentence-transformers loads it and a plain lookup can read it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file, save_file

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer

_MODULES = (
    ("", "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding"),
    ("1_Normalize", "sentence_transformers.base.modules.normalize.Normalize"),
)


def save(folder: Path, tokenizer: Tokenizer, weight: torch.Tensor) -> None:
    """Write tokenizer, vectors and the module list; other files in the folder stay.

    The vectors are kept in whole numbers from -127 to 127 with a scale each, in model2vec's form, which
    sentence-transformers' StaticEmbedding reads: twice the dimensions of half precision in the same space.

    Args:
        folder: Made if it does not exist.
        tokenizer: Its ids are the rows of ``weight``.
        weight: Shape (vocabulary, dimensions).
    """
    (folder / "1_Normalize").mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    weights = folder / "model.safetensors"
    scales = (weight.abs().amax(dim=1) / 127).clamp_min(1e-12)
    rows = (weight / scales[:, None]).round().to(torch.int8).contiguous()
    save_file({"embeddings": rows, "weights": scales}, weights)
    weights.chmod(0o644)  # the library writes it for its owner only
    modules = [
        {"idx": n, "name": str(n), "path": path, "type": kind} for n, (path, kind) in enumerate(_MODULES)
    ]
    _write(folder / "modules.json", modules)
    _write(folder / "1_Normalize" / "config.json", {})
    _write(
        folder / "config_sentence_transformers.json",
        {
            "model_type": "SentenceTransformer",
            "prompts": {},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    )


def load(folder: Path) -> torch.Tensor:
    """The vectors of a model that ``save`` wrote, shape (vocabulary, dimensions)."""
    arrays = load_file(folder / "model.safetensors")
    return arrays["embeddings"].float() * arrays["weights"].float()[:, None]


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
