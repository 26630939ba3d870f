from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from eval.__main__ import main


@pytest.mark.slow
def test_the_gate_passes_on_the_committed_baseline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The very command, on an index of its own: all invariants, and no drop against the blessed run."""
    monkeypatch.setenv("INDEX_DIR", str(tmp_path / "index"))
    code = main(["gate", "--junit", str(tmp_path / "gate.xml")])
    assert code == 0, capsys.readouterr().out
    suite = ET.parse(tmp_path / "gate.xml").getroot()  # noqa: S314  # our own file
    assert suite.get("failures") == "0"
    assert int(suite.get("tests", "0")) >= 11
