"""What every test starts from: the default settings, whatever the developer's own environment holds."""

from __future__ import annotations

import os

SETTINGS = (
    "AUTH_FILE",
    "CHROMA_URL",
    "DOCUMENT",
    "EMBEDDING_MODEL",
    "ENRICHMENT",
    "FEEDBACK_DB",
    "HOST",
    "INDEX_DIR",
    "LLM",
    "LLM_API_KEY",
    "LLM_BASE_URL",
    "LLM_CONTEXT",
    "LLM_MAX_TOKENS",
    "LLM_TIMEOUT",
    "LOG_QUESTIONS",
    "PASSAGE_TOKENS",
    "PORT",
)


def pytest_configure() -> None:
    # Before anything is imported, and for the commands that tests start too.
    for name in SETTINGS:
        os.environ.pop(name, None)
