"""Build and open the index: parse > chunk > embed > store, atomically, with a manifest.

An index lies in a folder named after everything that it is made from, so a changed source, model or setting
asks for another folder; `current` is what was last complete. A build works in a folder of its own and is
renamed when whole.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from index.bank import Known, QuestionBank, bank_path, known_questions, load_bank
from index.chunk import passages_of
from index.config import IndexSettings
from index.embed import Embedder, load_embedder
from index.enrich import Enrichment, enrichment_path, load_enrichment
from index.lexical import LexicalIndex, fold
from index.notes import NoteTokens
from index.parse import parse_file
from index.retrieve import KEYWORD_LEGS, Retriever, embedded, leg_passages
from index.store import VectorStore
from index.tokens import count_tokens, encoding
from index.types import Document, IndexingError, Passage, PassageKind, StoreError

FORMAT = 13
Progress = Callable[[str, int, int], None]
_BATCH = 256
# What is searched for to see that an index works; a number needs no dictionary to be loaded.
_PROBE = "1"
_MANIFEST = "manifest.json"
_BANK = "questions"
_NOTES = "notes"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index was made from, and how many passages it holds."""

    format: int
    document: str
    source_sha256: str
    enrichment_sha256: str
    bank_sha256: str
    model: str
    model_fingerprint: str
    token_counter: str
    passage_tokens: int
    passages: int = 0

    @property
    def key(self) -> str:
        """A short hash of everything but the count."""
        made_from = {name: value for name, value in asdict(self).items() if name != "passages"}
        return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Index:
    """An opened index: the document, its enrichment and the retriever over both."""

    document: Document
    enrichment: Enrichment
    retriever: Retriever
    manifest: Manifest


def ensure_index(
    settings: IndexSettings, *, rebuild: bool = False, progress: Progress | None = None
) -> Index:
    """Open the index, building it first where it is missing, stale or damaged.

    Of several processes that start at once one builds and the others wait for it.

    Raises:
        IndexingError: the source, the model or the vector store can't be used.
    """
    from filelock import FileLock

    document = parse_file(settings.document)
    path, bank_file = enrichment_path(settings.document), bank_path(settings.document)
    enrichment = load_enrichment(path) if settings.enrichment else Enrichment()
    embedder = load_embedder(settings.embedding_model)
    wanted = Manifest(
        format=FORMAT,
        document=document.id,
        source_sha256=document.sha256,
        enrichment_sha256=_sha256(path) if settings.enrichment and path.exists() else "",
        bank_sha256=_sha256(bank_file) if settings.enrichment and bank_file.exists() else "",
        model=embedder.name,
        model_fingerprint=embedder.fingerprint,
        token_counter=encoding().name,
        passage_tokens=settings.passage_tokens,
    )
    if not rebuild and (index := _open(settings, wanted, document, enrichment, embedder)):
        return index
    try:
        settings.index_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(settings.index_dir / "build.lock"):
            if rebuild or not (index := _open(settings, wanted, document, enrichment, embedder)):
                report = progress or _silent
                # Ten thousand rows, read only where they are needed: an index that is there has its own copy of them.
                bank = load_bank(bank_file) if settings.enrichment else ()
                _build(
                    settings, wanted, document, enrichment, bank, embedder, rebuild=rebuild, progress=report
                )
                index = _open(settings, wanted, document, enrichment, embedder)
    except OSError as error:
        raise StoreError(
            f"索引目录 {settings.index_dir} 不可写。 "
            f"Can't write to the index folder {settings.index_dir}: {error.strerror}."
        ) from error
    if index is None:
        raise StoreError("索引建成后无法打开。 The index was built but can't be opened; try --rebuild.")
    return index


def _silent(_step: str, _done: int, _total: int) -> None:
    """Report no progress."""


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _folder(settings: IndexSettings, manifest: Manifest) -> Path:
    return settings.index_dir / f"{manifest.document}-{manifest.key}"


def _collections_of(document_id: str) -> str:
    """How the names of a document's collections start: ASCII only, whatever the document's id."""
    return f"d{hashlib.sha256(document_id.encode()).hexdigest()[:12]}-"


def _store(settings: IndexSettings, manifest: Manifest, folder: Path) -> VectorStore:
    collection = f"{_collections_of(manifest.document)}{manifest.key}"
    if settings.chroma_url:
        return VectorStore.open(collection=collection, url=settings.chroma_url)
    return VectorStore.open(collection=collection, folder=folder / "chroma")


def _open(
    settings: IndexSettings, wanted: Manifest, document: Document, enrichment: Enrichment, embedder: Embedder
) -> Index | None:
    """The index if it is there, whole and made from what is wanted; None otherwise."""
    folder = _folder(settings, wanted)
    try:
        manifest = Manifest(**json.loads((folder / _MANIFEST).read_text("utf-8")))
        rows = json.loads((folder / "passages.json").read_text("utf-8"))
        passages = [Passage(**{**row, "kind": PassageKind(row["kind"])}) for row in rows]
        keywords = {
            name: LexicalIndex.load(folder / name, analyzer)
            for name, kind, language, analyzer in KEYWORD_LEGS
            if leg_passages(passages, kind, language)
        }
        notes = NoteTokens.load(folder / _NOTES)
        bank = QuestionBank.load(folder / _BANK)
    except (OSError, EOFError, BadZipFile, ValueError, TypeError, KeyError):
        return None
    if manifest.key != wanted.key or manifest.passages != len(passages):
        return None
    store = None
    try:
        store = _store(settings, wanted, folder)
        if store.count() == len(embedded(passages)):
            retriever = Retriever(document, passages, embedder, store, keywords, notes, bank)
            retriever.search(_PROBE, k=1)
            return Index(document=document, enrichment=enrichment, retriever=retriever, manifest=manifest)
    except StoreError:
        if settings.chroma_url:
            raise
    if store:
        store.close()
    return None


def _build(
    settings: IndexSettings,
    wanted: Manifest,
    document: Document,
    enrichment: Enrichment,
    bank: Sequence[Known],
    embedder: Embedder,
    *,
    rebuild: bool,
    progress: Progress,
) -> None:
    """Build in a temporary folder and put it in place in one step; the old index stays whole until then."""

    def fits(text: str) -> bool:
        limit = embedder.max_tokens
        return count_tokens(text) <= wanted.passage_tokens and (
            limit is None or embedder.count_tokens(fold(text)) <= limit
        )

    passages = passages_of(document, enrichment, fits=fits)
    if not passages:
        raise IndexingError("文档没有可检索的文字。 The document has no text to index.")
    work = Path(tempfile.mkdtemp(prefix="building-", dir=settings.index_dir))
    try:
        store = _store(settings, wanted, work)
        # On a server another machine may have written the same vectors already, and be using them.
        vectors = embedded(passages)
        if rebuild or store.count() != len(vectors):
            _fill(store, vectors, embedder, progress)
        if not settings.chroma_url:
            store.close()
        for at, (name, kind, language, analyzer) in enumerate(KEYWORD_LEGS, start=1):
            texts = [passage.keywords for passage in leg_passages(passages, kind, language)]
            if texts:
                LexicalIndex.build(texts, analyzer).save(work / name)
            progress("keywords", at, len(KEYWORD_LEGS))
        NoteTokens.build(passages, embedder).save(work / _NOTES)
        if questions := QuestionBank.build(known_questions(bank, document, enrichment), embedder):
            questions.save(work / _BANK)
        rows = [asdict(passage) for passage in passages]
        (work / "passages.json").write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
        manifest = {**asdict(wanted), "passages": len(passages)}
        (work / _MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
        _put_in_place(work, _folder(settings, wanted), document.id)
        if settings.chroma_url:
            store.drop_others(_collections_of(document.id))
            store.close()
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _fill(store: VectorStore, passages: Sequence[Passage], embedder: Embedder, progress: Progress) -> None:
    batches = []
    for start in range(0, len(passages), _BATCH):
        batch = passages[start : start + _BATCH]
        batches.append(embedder.encode_document([fold(passage.text) for passage in batch]))
        progress("embed", start + len(batch), len(passages))
    stored = 0
    for written in store.write([passage.id for passage in passages], np.vstack(batches)):
        stored += written
        progress("store", stored, len(passages))


def _put_in_place(work: Path, folder: Path, document_id: str) -> None:
    """Rename a finished index to its name, then remove what it replaces.

    That is a damaged index of the same name, what a killed build left behind, and indexes of an earlier
    source, model or setting.
    """
    if folder.exists():
        folder.rename(work.with_name(f"{work.name}.old"))
    work.replace(folder)
    for other in folder.parent.iterdir():
        same_document = other.name.rpartition("-")[0] == document_id
        if other.is_dir() and other != folder and (same_document or other.name.startswith("building-")):
            shutil.rmtree(other, ignore_errors=True)
