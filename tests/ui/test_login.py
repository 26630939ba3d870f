"""AUTH_FILE: hashed passwords, clear errors."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.ui.login import LoginFileError, Logins, hash_password, verify
from tests.ui.serving import ROOT


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture(scope="module")
def logins(tmp_path_factory: pytest.TempPathFactory) -> Logins:
    path = tmp_path_factory.mktemp("login") / "users"
    path.write_text(
        f"# staff\n\n王芳:{hash_password('口令:一')}\nli:{hash_password('two')}\n", encoding="utf-8"
    )
    return Logins.load(path)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        pytest.param(basic("王芳", "口令:一"), "王芳", id="basic"),
        pytest.param("Bearer li:two", "li", id="bearer-for-chat-clients"),
        pytest.param(basic("li", "Two"), None, id="wrong-password"),
        pytest.param(basic("zhao", "two"), None, id="unknown-name"),
        pytest.param(basic("li", ""), None, id="empty-password"),
        pytest.param("Basic !!!", None, id="no-base64"),
        pytest.param("Digest li:two", None, id="another-scheme"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_who_may_come_in(logins: Logins, header: str, name: str | None) -> None:
    assert logins.name_of(header) == name
    assert logins.name_of(header) == name  # the second time from memory, with the same outcome


def test_a_hash_is_salted_and_holds_no_password() -> None:
    first, second = hash_password("secret"), hash_password("secret")
    assert first != second
    assert "secret" not in first
    assert verify("secret", first)
    assert not verify("secret", first[:-6] + "AAAAA=")
    assert not verify("secret", "plain")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "names nobody"),
        ("li:plain-password\n", "users:1"),
        ("li\n", "users:1"),
        (None, "Can't read"),
        ("li:scrypt$a$8$5$eA==$eA==", "users:1"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "users"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(LoginFileError, match=said):
        Logins.load(path)


def test_a_line_is_made_by_a_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "assistant.ui.login", "li"]
    made = subprocess.run(command, cwd=ROOT, input="two\n", capture_output=True, text=True, check=True).stdout
    path = tmp_path / "users"
    path.write_text(made, encoding="utf-8")
    assert Logins.load(path).name_of(basic("li", "two")) == "li"
    assert subprocess.run(command[:-1], cwd=ROOT, capture_output=True, check=False).returncode == 2
