"""The vector store: the only import of chromadb. An embedded folder by default, or a Chroma server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from index.embed import Vectors
from index.types import StoreError

if TYPE_CHECKING:
    from chromadb import Collection
    from chromadb.api import ClientAPI

_Answer = TypeVar("_Answer")
_BATCH = 1000
# Vectors that Chroma keeps in a list, searched one by one, before it adds them to the graph.
_LOGGED = 100
# HNSW visits this many candidates; with a few thousand passages the search is as good as exact.
_EF = 500


class VectorStore:
    """One collection of unit vectors under passage ids."""

    def __init__(self, client: ClientAPI, collection: str) -> None:
        """Name a collection of a client; nothing is read or written yet."""
        self._client = client
        self._name = collection
        self._collection: Collection | None = None

    @classmethod
    def open(cls, *, collection: str, folder: Path | None = None, url: str = "") -> VectorStore:
        """A collection in a folder, or on the server at `url`.

        Raises:
            StoreError: the server doesn't answer, or the folder can't be opened.
        """
        import chromadb
        from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False)
        with _translated(url or str(folder)):
            if not url:
                return cls(chromadb.PersistentClient(path=str(folder), settings=settings), collection)
            scheme, host, port = _server_of(url)
            client = chromadb.HttpClient(host=host, port=port, ssl=scheme == "https", settings=settings)
            return cls(client, collection)

    def write(self, ids: Sequence[str], vectors: Vectors) -> Iterator[int]:
        """Replace the collection's content; yields how many vectors each step wrote.

        Raises:
            StoreError: the store refuses.
        """
        # The graph is saved with the last vector; what comes after a save is added again at each start.
        size = max(2, len(ids))
        with _translated(self._name):
            if self._name in {collection.name for collection in self._client.list_collections()}:
                self._client.delete_collection(self._name)
            collection = self._client.create_collection(
                self._name,
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

    def count(self) -> int:
        """How many vectors the collection holds; 0 where there is no such collection.

        Raises:
            StoreError: the store can't be read.
        """
        with _translated(self._name):
            names = {collection.name for collection in self._client.list_collections()}
            return self._read(lambda collection: collection.count()) if self._name in names else 0

    def query(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """The k nearest passages of a vector of shape (dimension,): ids and cosine similarities, best first.

        Raises:
            StoreError: the store can't be read.
        """
        with _translated(self._name):
            found = self._read(
                lambda collection: collection.query(
                    query_embeddings=vector[None, :], n_results=k, include=["distances"]
                )
            )
        distances = found["distances"] or [[]]
        return [(id_, 1.0 - distance) for id_, distance in zip(found["ids"][0], distances[0], strict=True)]

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
        close = getattr(self._client, "close", None)  # every client has it, their common type does not
        if close:
            close()

    def _read(self, ask: Callable[[Collection], _Answer]) -> _Answer:
        from chromadb.errors import NotFoundError

        if self._collection is not None:
            try:
                return ask(self._collection)
            except NotFoundError:
                # Another process has written the collection anew, under the same name and a new id.
                pass
        self._collection = self._client.get_collection(self._name, embedding_function=None)
        return ask(self._collection)


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
