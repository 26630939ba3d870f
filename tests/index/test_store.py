"""One contract over both places of vectors: an embedded folder, and a real Chroma server on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from index.build import ensure_index
from index.config import IndexSettings
from index.embed import Vectors
from index.store import VectorStore
from index.types import StoreError

OpenStore = Callable[[str], VectorStore]
IDS = [f"{number:06d}" for number in range(5)]


def unit(*rows: list[float]) -> Vectors:
    vectors = np.array(rows, dtype=np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


VECTORS = unit([1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    port = free_port()
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(folder)]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            stdout=output,
            stderr=output,
            cwd=folder,
            env={**os.environ, "ANONYMIZED_TELEMETRY": "False"},
        )
    try:
        wait_until_open(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until_open(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text("utf-8", "replace")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"no answer on port {port}: {log.read_text('utf-8', 'replace')}")


@pytest.fixture(params=["folder", "folder-unheld", "server", "server-unheld"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    """Opens collections of one place; opening one again is what another process would see.

    Each place twice: searched in memory, and by Chroma as collections are that are too large to hold.
    """
    opened: list[VectorStore] = []
    place, _, unheld = str(request.param).partition("-")
    url = request.getfixturevalue("server") if place == "server" else ""
    held_most = 0 if unheld else 50_000

    def open_(collection: str) -> VectorStore:
        store = (
            VectorStore.open(collection=collection, url=url, held_most=held_most)
            if url
            else VectorStore.open(collection=collection, folder=tmp_path / "chroma", held_most=held_most)
        )
        opened.append(store)
        return store

    yield open_
    for store in opened:
        store.close()


def test_nearest_come_first_with_their_cosine(open_store: OpenStore) -> None:
    store = open_store("nearest")
    assert list(store.write(IDS, VECTORS)) == [5]
    found = store.query(np.array([1, 0, 0], dtype=np.float32), 5)
    assert [id_ for id_, _ in found] == ["000000", "000001", *[id_ for id_, _ in found[2:4]], "000004"]
    assert [round(similarity, 4) for _, similarity in found] == [1.0, 0.7071, 0.0, 0.0, -1.0]


def test_k_bounds_the_answer(open_store: OpenStore) -> None:
    store = open_store("bounded")
    list(store.write(IDS, VECTORS))
    assert len(store.query(VECTORS[0], 2)) == 2
    assert len(store.query(VECTORS[0], 400)) == 5


def test_what_is_written_is_there_when_opened_again(open_store: OpenStore) -> None:
    list(open_store("kept").write(IDS, VECTORS))
    again = open_store("kept")
    assert again.count() == 5
    assert again.query(VECTORS[3], 1)[0][0] == "000003"


def test_writing_again_replaces(open_store: OpenStore) -> None:
    store = open_store("replaced")
    list(store.write(IDS, VECTORS))
    list(store.write(IDS[:2], VECTORS[3:]))
    assert store.count() == 2
    assert store.query(VECTORS[3], 5)[0][0] == "000000"


def test_a_reader_follows_when_a_collection_is_replaced(open_store: OpenStore) -> None:
    reader = open_store("followed")
    list(reader.write(IDS, VECTORS))
    assert reader.query(VECTORS[0], 1)[0][0] == "000000"
    list(open_store("followed").write(IDS, VECTORS[::-1].copy()))
    assert reader.query(VECTORS[0], 1)[0][0] == "000004"
    assert reader.count() == 5


def test_many_vectors_are_written_in_steps(open_store: OpenStore) -> None:
    vectors = unit(*np.random.default_rng(0).standard_normal((2300, 8)).tolist())
    store = open_store("many")
    ids = [f"{number:06d}" for number in range(len(vectors))]
    assert list(store.write(ids, vectors)) == [1000, 1000, 300]
    assert store.count() == 2300
    exact = np.argsort(-(vectors @ vectors[7]))[:400]
    found = {int(id_) for id_, _ in store.query(vectors[7], 400)}
    assert len(found & set(exact.tolist())) >= 396


def test_in_memory_the_nearest_are_exact(tmp_path: Path) -> None:
    vectors = unit(*np.random.default_rng(1).standard_normal((1500, 8)).tolist())
    store = VectorStore.open(collection="exact", folder=tmp_path / "chroma")
    list(store.write([f"{number:06d}" for number in range(len(vectors))], vectors))
    similarities = vectors @ vectors[7]
    found = store.query(vectors[7], 300)
    store.close()
    exact = np.argsort(-similarities)[:300]
    assert {int(id_) for id_, _ in found} == set(exact.tolist())
    np.testing.assert_allclose([similarity for _, similarity in found], similarities[exact], atol=1e-6)


def test_a_reader_sees_nothing_of_a_write_that_is_not_done(open_store: OpenStore) -> None:
    reader, writer = open_store("whole"), open_store("whole")
    list(writer.write(IDS, VECTORS))
    many = np.ones((1001, 3), dtype=np.float32)
    steps = open_store("whole").write([f"{number:06d}" for number in range(1001)], many)
    assert next(steps) == 1000
    assert reader.count() == 5
    assert reader.query(VECTORS[3], 1)[0][0] == "000003"
    list(writer.write(IDS[:2], VECTORS[3:]))
    assert reader.count() == 2
    assert reader.query(VECTORS[3], 5)[0][0] == "000000"


def test_an_empty_collection_has_nothing_near(open_store: OpenStore) -> None:
    store = open_store("empty")
    list(store.write([], np.zeros((0, 3), dtype=np.float32)))
    assert store.count() == 0
    assert store.query(VECTORS[0], 3) == []


def test_a_collection_that_is_not_there(open_store: OpenStore) -> None:
    store = open_store("missing")
    assert store.count() == 0
    with pytest.raises(StoreError) as caught:
        store.query(VECTORS[0], 1)
    assert "\n" not in str(caught.value)


def test_vectors_of_another_dimension_are_an_error(open_store: OpenStore) -> None:
    store = open_store("dimension")
    list(store.write(IDS, VECTORS))
    with pytest.raises(StoreError):
        store.query(np.ones(4, dtype=np.float32), 1)


def test_collections_of_the_same_document_are_dropped_and_no_others(open_store: OpenStore) -> None:
    for name in ("doc-1", "doc-2", "other-1"):
        list(open_store(name).write(IDS, VECTORS))
    open_store("doc-2").drop_others("doc-")
    assert [open_store(name).count() for name in ("doc-1", "doc-2", "other-1")] == [0, 5, 5]


# --- The server alone


def test_a_dead_server_is_one_clear_line() -> None:
    with pytest.raises(StoreError) as caught:
        VectorStore.open(collection="any", url=f"http://127.0.0.1:{free_port()}")
    message = str(caught.value)
    assert "127.0.0.1" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://127.0.0.1:1", "http://", "8000", "http://127.0.0.1:x"]
)
def test_an_address_of_another_form_is_one_clear_line(url: str) -> None:
    with pytest.raises(StoreError, match="CHROMA_URL") as caught:
        VectorStore.open(collection="any", url=url)
    assert "\n" not in str(caught.value)


def test_an_index_on_a_server(small_settings: IndexSettings, server: str) -> None:
    settings = small_settings.model_copy(update={"chroma_url": server})
    embedded = ensure_index(small_settings.model_copy(update={"index_dir": settings.index_dir / "local"}))
    index = ensure_index(settings)
    assert not list(settings.index_dir.glob("*/chroma"))
    ours, theirs = (each.retriever.search("老人午餐多少钱", k=3) for each in (index, embedded))
    assert [hit.address for hit in ours.sentences] == [hit.address for hit in theirs.sentences]
    again = ensure_index(settings)
    assert again.retriever.search("早餐", k=1).sections[0].address in {"1.1", "1.3"}
    for each in (embedded, index, again):
        each.retriever.close()


def test_a_second_machine_on_the_same_server_leaves_the_first_at_work(
    small_settings: IndexSettings, server: str
) -> None:
    first = ensure_index(small_settings.model_copy(update={"chroma_url": server}))
    other_dir = small_settings.index_dir.with_name("second")
    second = ensure_index(small_settings.model_copy(update={"chroma_url": server, "index_dir": other_dir}))
    for index in (first, second):
        assert index.retriever.search("早餐", k=1).sections[0].address in {"1.1", "1.3"}
        index.retriever.close()


def test_a_build_against_a_dead_server_is_one_clear_line(small_settings: IndexSettings) -> None:
    settings = small_settings.model_copy(update={"chroma_url": f"http://127.0.0.1:{free_port()}"})
    with pytest.raises(StoreError) as caught:
        ensure_index(settings)
    assert "\n" not in str(caught.value)
    assert not [path for path in settings.index_dir.iterdir() if path.is_dir()]
