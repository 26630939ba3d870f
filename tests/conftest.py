"""What every test starts from: the default settings, whatever the developer's own environment holds."""

from __future__ import annotations

import os

SETTINGS = (
    "CHROMA_URL",
    "EMBEDDING_MODEL",
    "HOST",
    "INDEX_DIR",
    "LLM",
    "LLM_API_KEY",
    "LLM_BASE_URL",
    "PORT",
)


def pytest_configure() -> None:
    # Before anything is imported, and for the commands that tests start too.
    for name in SETTINGS:
        os.environ.pop(name, None)
