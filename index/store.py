"""The vector store: the only import of chromadb. An embedded folder by default, or a Chroma server.

Vectors live in Chroma. A reader holds those of a collection of moderate size in memory as well: one product over a few
thousand vectors takes a sixth of the time of a search in Chroma's graph, and is exact.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

from index.embed import Vectors
from index.types import StoreError

if TYPE_CHECKING:
    from chromadb import Collection
    from chromadb.api import ClientAPI

_BATCH = 1000
# From about here on a product over all vectors takes as long as a search in Chroma's graph (100 MB at 512 numbers each).
_HELD_MOST = 50_000
# What a collection's name ends with until all of it is written.
_UNFINISHED = "-unfinished"
# Where Chroma keeps the names of a folder's collections.
_DATABASE = "chroma.sqlite3"
# Vectors that Chroma keeps in a list, searched one by one, before it adds them to the graph.
_LOGGED = 100
# HNSW visits this many candidates; with a few thousand passages the search is as good as exact.
_EF = 500


@dataclass(frozen=True, slots=True)
class _Held:
    """A collection and what was read of it: passage ids and their vectors, shape (dimension, len(ids)).

    Dimension by dimension a product reads them in half the time. `vectors` is None where there is nothing, or too much,
    to hold. `version` is that of the folder's database when the collection was last looked up, None on a server.
    """

    collection: Collection
    ids: Sequence[str]
    vectors: Vectors | None
    version: int | None


class VectorStore:
    """One collection of unit vectors under passage ids."""

    def __init__(
        self,
        client: ClientAPI,
        collection: str,
        *,
        held_most: int = _HELD_MOST,
        database: sqlite3.Connection | None = None,
    ) -> None:
        """Name a collection of a client; nothing is read or written yet.

        `database` is that of an embedded folder, for the look at its version.
        """
        self._client = client
        self._name = collection
        self._database = database
        if database:
            # From 3.13 on Python warns of a database that is dropped without being closed.
            weakref.finalize(self, database.close)
        self._held_most = held_most
        self._held: _Held | None = None

    @classmethod
    def open(
        cls, *, collection: str, folder: Path | None = None, url: str = "", held_most: int = _HELD_MOST
    ) -> VectorStore:
        """A collection in a folder, or on the server at `url`.

        A collection of more than `held_most` vectors is searched by Chroma, any other in memory.

        Raises:
            StoreError: the server doesn't answer, or the folder can't be opened.
        """
        import chromadb
        from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False)
        with _translated(url or str(folder)):
            if folder:
                embedded = chromadb.PersistentClient(path=str(folder), settings=settings)
                place = f"{(folder / _DATABASE).resolve().as_uri()}?mode=ro"
                database = sqlite3.connect(place, uri=True, check_same_thread=False)
                return cls(embedded, collection, held_most=held_most, database=database)
            scheme, host, port = _server_of(url)
            client = chromadb.HttpClient(host=host, port=port, ssl=scheme == "https", settings=settings)
            return cls(client, collection, held_most=held_most)

    def write(self, ids: Sequence[str], vectors: Vectors) -> Iterator[int]:
        """Replace the collection's content; yields how many vectors each step wrote.

        Readers see the content before until the last step is done, so a collection's id stands for all of its content.

        Raises:
            StoreError: the store refuses.
        """
        # The graph is saved with the last vector; what comes after a save is added again at each start.
        size = max(2, len(ids))
        unfinished = f"{self._name}{_UNFINISHED}"
        with _translated(self._name):
            self._delete(unfinished)
            collection = self._client.create_collection(
                unfinished,
                embedding_function=None,
                configuration={
                    "hnsw": {
                        "space": "cosine",
                        "ef_construction": _EF,
                        "ef_search": _EF,
                        "batch_size": min(_LOGGED, size),
                        "sync_threshold": size,
                    }
                },
            )
        for start in range(0, len(ids), _BATCH):
            batch = slice(start, start + _BATCH)
            with _translated(self._name):
                collection.add(ids=list(ids[batch]), embeddings=vectors[batch])
            yield len(ids[batch])
        with _translated(self._name):
            self._delete(self._name)
            collection.modify(name=self._name)

    def count(self) -> int:
        """How many vectors the collection holds; 0 where there is no such collection.

        Raises:
            StoreError: the store can't be read.
        """
        with _translated(self._name):
            return self._collection().count() if self._exists(self._name) else 0

    def query(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """The k nearest passages of a vector of shape (dimension,): ids and cosine similarities, best first.

        Raises:
            StoreError: the store can't be read.
        """
        with _translated(self._name):
            held = self._current()
            if held.vectors is None:
                found = held.collection.query(
                    query_embeddings=vector[None, :], n_results=k, include=["distances"]
                )
                (distances,) = found["distances"] or [[]]
                return [
                    (id_, 1.0 - distance) for id_, distance in zip(found["ids"][0], distances, strict=True)
                ]
            similarities = vector @ held.vectors
            nearest = np.argpartition(-similarities, min(k, len(similarities)) - 1)[:k]
            best = nearest[np.argsort(-similarities[nearest], kind="stable")]
            return list(
                zip((held.ids[row] for row in best.tolist()), similarities[best].tolist(), strict=True)
            )

    def drop_others(self, prefix: str) -> None:
        """Delete the collections of this client whose names start with `prefix`, except this one."""
        with _translated(self._name):
            for collection in self._client.list_collections():
                if collection.name.startswith(prefix) and collection.name != self._name:
                    self._client.delete_collection(collection.name)

    def close(self) -> None:
        """Let go of an embedded folder's files, or of the connections to a server."""
        # Chroma leaves the connections of its HTTP clients open, of which it has one more for administration.
        for client in (self._client, getattr(self._client, "_admin_client", None)):
            session = getattr(getattr(client, "_server", None), "_session", None)
            if session:
                session.close()
        if self._database:
            self._database.close()
        close = getattr(self._client, "close", None)  # every client has it, their common type does not
        if close:
            close()

    def _exists(self, name: str) -> bool:
        return name in {collection.name for collection in self._client.list_collections()}

    def _delete(self, name: str) -> None:
        if self._exists(name):
            self._client.delete_collection(name)

    def _collection(self) -> Collection:
        return self._client.get_collection(self._name, embedding_function=None)

    def _current(self) -> _Held:
        """The collection as it is now, read again where any process has written it anew: it has another id then.

        Asking Chroma for the id takes a millisecond; that nothing was written to a folder at all SQLite tells in a
        hundredth of that (PRAGMA data_version).
        """
        held = self._held
        version = self._database.execute("PRAGMA data_version").fetchone()[0] if self._database else None
        if held is None or version is None or held.version != version:
            collection = self._collection()
            if held is None or held.collection.id != collection.id:
                held = self._read(collection, version)
            self._held = held = replace(held, version=version)
        return held

    def _read(self, collection: Collection, version: int | None) -> _Held:
        size = collection.count()
        if not 0 < size <= self._held_most:
            return _Held(collection, (), None, version)
        ids: list[str] = []
        parts = []
        for start in range(0, size, _BATCH):
            rows = collection.get(limit=_BATCH, offset=start, include=["embeddings"])
            ids += rows["ids"]
            parts.append(np.asarray(rows["embeddings"], dtype=np.float32))
        return _Held(collection, ids, np.ascontiguousarray(np.concatenate(parts).T), version)


def _server_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a server's address."""
    try:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname:
            port = parts.port or (443 if parts.scheme == "https" else 8000)
            return parts.scheme, parts.hostname, port
    except ValueError:  # the port is no number
        pass
    raise StoreError(f"CHROMA_URL 应为 http://主机:端口。 CHROMA_URL must be http://host:port, not {url!r}.")


@contextmanager
def _translated(place: str) -> Iterator[None]:
    """Turn chromadb's and its transport's errors into ours, at this one edge."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise StoreError(
            f"向量库 {place} 不可用。 The vector store at {place} is not usable: {reason}"
        ) from error
