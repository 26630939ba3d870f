"""All settings, in one object; nothing else reads the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from index.config import IndexSettings


class Settings(IndexSettings):
    """The index's settings and those of the assistant and the window, from the environment or `.env`."""

    llm: str = Field(
        default="", description="empty: extractive; otherwise a LangChain model name, e.g. ollama:qwen3"
    )
    llm_base_url: str = Field(default="", description="an OpenAI-compatible endpoint")
    llm_api_key: SecretStr = Field(default=SecretStr(""), description="its key; never logged or shown")
    llm_timeout: float = Field(
        default=20.0, gt=0, le=600, description="seconds that one answer may wait for the model"
    )
    llm_context: int = Field(default=16_000, ge=1_024, description="the model's window in tokens")
    llm_max_tokens: int = Field(default=1_000, ge=64, description="the longest reply in tokens")
    host: str = Field(default="127.0.0.1", description="address that the window listens on")
    port: int = Field(default=7860, ge=0, le=65535, description="port that the window listens on")
    auth_file: Path | None = Field(
        default=None, description="user:hash lines; without it the window needs no login"
    )
    feedback_db: Path = Field(default=Path("feedback.sqlite3"), description="where feedback is kept")
    log_questions: bool = Field(default=False, description="write question texts to the log")
