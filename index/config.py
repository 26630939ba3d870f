"""The index's part of the settings; `assistant.config.Settings` adds the rest. Only entry points read it."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent
OUTLINE = ROOT / "data" / "outline-2035.raw.txt"
BUNDLED_MODEL = ROOT / "model"


class IndexSettings(BaseSettings):
    """Settings from the environment or a `.env` file; every one has a default that works offline."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True, env_ignore_empty=True
    )

    embedding_model: str = Field(default="bundled", description="bundled, a local folder, or a hub name")
    chroma_url: str = Field(
        default="", description="empty: embedded Chroma in INDEX_DIR; http://host:port: a server"
    )
    index_dir: Path = Field(default=Path(".index"), description="where the index lives")
    document: Path = Field(default=OUTLINE, description="the source text that is indexed")
    enrichment: bool = Field(
        default=True, description="index translations, plain words and questions as well"
    )
    passage_tokens: int = Field(default=512, ge=32, le=8192, description="the longest passage, in tokens")
