"""Token counts with tiktoken, without a network.

tiktoken fetches its vocabularies on first use. Where the file already lies in tiktoken's cache the count is
exact; otherwise a small vocabulary of our own, of tiktoken's kind, counts on the safe side: never fewer
tokens than `cl100k_base` for Chinese (two a character; cl100k needs 1.0 to 1.5) and English (two letters a
token at most).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiktoken import Encoding

EXACT = "cl100k_base"
# Name under which tiktoken caches the vocabulary (SHA-1 of its address), and the SHA-256 of its content.
_CACHE_NAME = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
_CONTENT = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"
_SPLIT = r"\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+"
_LETTERS = b"abcdefghijklmnopqrstuvwxyz"


@cache
def encoding() -> Encoding:
    """The encoding in use; `encoding().name` says which."""
    import tiktoken

    return tiktoken.get_encoding(EXACT) if _is_cached() else _own_encoding()


def count_tokens(text: str) -> int:
    """How many tokens a text has; 0 for the empty text. What looks like a special token counts as text."""
    return len(encoding().encode(text, disallowed_special=()))


def _is_cached() -> bool:
    """Whether tiktoken would find its vocabulary without the network (as its load.read_file_cached does)."""
    folder = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    file = Path(folder or Path(tempfile.gettempdir()) / "data-gym-cache") / _CACHE_NAME
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == _CONTENT


def _own_encoding() -> Encoding:
    """Bytes, pairs of lower-case letters, the first two bytes of a Chinese character (UTF-8 E3–E9 80–BF)."""
    import tiktoken

    pieces = [bytes([byte]) for byte in range(256)]
    pieces += [bytes([first, second]) for first in _LETTERS for second in _LETTERS]
    pieces += [bytes([first, second]) for first in range(0xE3, 0xEA) for second in range(0x80, 0xC0)]
    return tiktoken.Encoding(
        name="outline_safe",
        pat_str=_SPLIT,
        mergeable_ranks={piece: rank for rank, piece in enumerate(pieces)},
        special_tokens={},
    )
