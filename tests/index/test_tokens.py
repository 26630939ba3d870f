from __future__ import annotations

import hashlib
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from index import tokens
from index.types import Document


@pytest.fixture(autouse=True)
def no_vocabulary_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An empty cache of tiktoken's, whatever this machine has."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    tokens.encoding.cache_clear()
    yield tmp_path
    tokens.encoding.cache_clear()


def test_our_own_vocabulary_counts_where_there_is_none() -> None:
    assert tokens.encoding().name == "outline_safe"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("", 0, id="empty"),
        pytest.param("标准", 4, id="two-a-chinese-character"),
        pytest.param("，", 3, id="each-byte-of-other-signs"),
        pytest.param("abcd", 2, id="two-letters-a-token-at-most"),
        pytest.param("ISO", 3, id="each-capital"),
        pytest.param("2035", 4, id="each-digit"),
        pytest.param("<|endoftext|>", 9, id="no-special-tokens"),
    ],
)
def test_our_own_counts(text: str, count: int) -> None:
    assert tokens.count_tokens(text) == count


def test_every_chinese_character_counts_two() -> None:
    # No vocabulary of tiktoken's needs more than three for a character, and 1.0 to 1.5 for running text.
    characters = [chr(code) for code in range(0x4E00, 0xA000)]
    assert {tokens.count_tokens(character) for character in characters} == {2}
    assert tokens.count_tokens("".join(characters)) == 2 * len(characters)


def test_the_outline_counts_two_a_character_or_more(outline: Document) -> None:
    for section in outline.sections():
        assert tokens.count_tokens(section.text) >= 2 * len(re.findall(r"[\u4e00-\u9fff]", section.text))


@settings(deadline=None)
@given(st.lists(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=20), max_size=20))
def test_english_counts_half_its_letters_or_more(words: list[str]) -> None:
    text = " ".join(words)
    # cl100k_base needs a token for about four letters, and none for most spaces.
    assert tokens.count_tokens(text) >= len(text) / 2


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_counts_and_nothing_is_lost(text: str) -> None:
    encoding = tokens.encoding()
    ids = encoding.encode(text, disallowed_special=())
    assert encoding.decode_bytes(ids) == text.encode("utf-8", "surrogatepass")
    assert tokens.count_tokens(text) == len(ids) <= len(text.encode("utf-8"))


@settings(deadline=None)
@given(st.text(alphabet="标准化，。 ab12", max_size=40), st.text(alphabet="标准化，。 ab12", max_size=40))
def test_a_longer_text_never_counts_less(text: str, more: str) -> None:
    assert tokens.count_tokens(text + more) >= tokens.count_tokens(text)


def test_name_and_hash_are_those_that_tiktoken_looks_for() -> None:
    source = inspect.getsource(importlib.import_module("tiktoken_ext.openai_public").cl100k_base)
    (address,) = re.findall(r'"(https://[^"]+)"', source)
    assert hashlib.sha1(address.encode(), usedforsecurity=False).hexdigest() == tokens._CACHE_NAME
    assert f'expected_hash="{tokens._CONTENT}"' in source


def test_a_file_with_other_content_is_not_used(no_vocabulary_at_hand: Path) -> None:
    (no_vocabulary_at_hand / tokens._CACHE_NAME).write_bytes(b"half a download")
    assert tokens.encoding().name == "outline_safe"


def test_the_exact_vocabulary_is_used_where_it_is_at_hand(
    no_vocabulary_at_hand: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The real file has 1.7 MB; another takes its place here, under the same check of its content.
    content = b"the whole vocabulary"
    (no_vocabulary_at_hand / tokens._CACHE_NAME).write_bytes(content)
    monkeypatch.setattr(tokens, "_CONTENT", hashlib.sha256(content).hexdigest())
    exact = tiktoken.Encoding(
        name=tokens.EXACT,
        pat_str=r".",
        mergeable_ranks={bytes([byte]): byte for byte in range(256)},
        special_tokens={},
    )
    monkeypatch.setitem(tiktoken.registry.ENCODINGS, tokens.EXACT, exact)
    assert tokens.encoding().name == "cl100k_base"
    assert tokens.count_tokens("标准") == 6


def test_the_older_name_of_the_cache_folder_counts_too(
    no_vocabulary_at_hand: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR")
    monkeypatch.setenv("DATA_GYM_CACHE_DIR", str(no_vocabulary_at_hand))
    assert not tokens._is_cached()
    (no_vocabulary_at_hand / tokens._CACHE_NAME).write_bytes(b"x")
    monkeypatch.setattr(tokens, "_CONTENT", hashlib.sha256(b"x").hexdigest())
    assert tokens._is_cached()
