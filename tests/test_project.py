"""The project as a whole: its set-up, its locks, its layers, and what no file may hold."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pytest_socket import SocketConnectBlockedError

from assistant.config import Settings
from setup.install_torch import installer, is_cpu_build
from tests.conftest import SETTINGS

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-test.lock")
LOCK_LINE = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[0-9][A-Za-z0-9.+]*)(?: ; (?P<marker>.+))?"
)


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def locked(name: str) -> dict[str, set[str]]:
    """Versions by package; more than one where they differ by interpreter."""
    versions: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        match = LOCK_LINE.fullmatch(line)
        assert match, f"{name}: not name==version: {line!r}"
        versions.setdefault(match["name"], set()).add(match["version"])
    return versions


# --- What no file may hold ----------------------------------------------------------------------------------


def tracked_texts() -> dict[str, str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    texts = {}
    for name in filter(None, listed.decode().split("\0")):
        path = ROOT / name
        content = path.read_bytes() if path.is_file() else b""
        if b"\0" not in content:
            texts[name] = content.decode("utf-8", errors="replace")
    return texts


def test_no_registry_host_and_no_path_of_one_machine_in_tracked_files() -> None:
    # Put together here, so that this file does not hold them itself.
    names = {"org": ("pypi", "pythonhosted", "deb.debian", "npmjs", "download.pytorch"), "com": ("npmjs",)}
    hosts = [f"{name}.{domain}" for domain, under in names.items() for name in under]
    folders = r"work|root|home/\w+|Users/\w+|opt/wheels|tmp/\w+"
    forbidden = re.compile(rf"(?:{'|'.join(map(re.escape, hosts))})|(?<![\w.)}}])/(?:{folders})/")
    texts = tracked_texts()
    assert "pyproject.toml" in texts
    found = [f"{name}: {match[0]}" for name, text in texts.items() for match in forbidden.finditer(text)]
    assert found == []


# --- Locks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_names_and_versions_only(name: str) -> None:
    assert len(locked(name)) > 50


@pytest.mark.parametrize("name", LOCKS)
def test_torch_and_its_cuda_companions_are_left_to_the_torch_step(name: str) -> None:
    assert not [package for package in locked(name) if re.match(r"torch$|triton|nvidia-|cuda-", package)]


def test_every_dependency_is_in_its_lock(pyproject: dict[str, Any]) -> None:
    project = pyproject["project"]
    extras = project["optional-dependencies"]
    wanted = {
        "requirements.lock": project["dependencies"],
        "requirements-test.lock": list(chain(*extras.values())),
    }
    missing = []
    for lock, requirements in wanted.items():
        names = {canonicalize_name(Requirement(text).name) for text in requirements}
        missing += [f"{lock}: {name}" for name in names - {"torch", project["name"]} - locked(lock).keys()]
    assert missing == []


def test_the_test_lock_repeats_the_runtime_lock() -> None:
    runtime, test = map(locked, LOCKS)
    assert {name: test.get(name) for name in runtime} == runtime


def test_the_environment_is_the_locked_one() -> None:
    differing = []
    for line in (ROOT / "requirements-test.lock").read_text(encoding="utf-8").splitlines():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate():
            version = importlib.metadata.version(requirement.name)
            if not requirement.specifier.contains(version, prereleases=True):
                differing.append(f"{line}, but {version} is installed")
    assert differing == []


# --- torch --------------------------------------------------------------------------------------------------


def report(version: str, *requires: str, name: str = "torch") -> dict[str, Any]:
    return {
        "version": "1",
        "install": [{"metadata": {"name": name, "version": version, "requires_dist": list(requires)}}],
    }


PLAIN = report("2.13.0", "filelock", "sympy>=1.13.3")
CPU = report("2.13.0+cpu", "filelock")
CUDA = report(
    "2.13.0",
    "filelock",
    'nvidia-cublas==13.1.0.3; platform_system == "Linux"',
    'triton==3.7.1; sys_platform == "linux"',
)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(CPU, True, id="cpu-by-its-version"),
        pytest.param(report("2.13.0+cpu", "triton==3.7.1"), True, id="version-outweighs-requirements"),
        pytest.param(PLAIN, True, id="requires-no-accelerator"),
        pytest.param(CUDA, False, id="requires-cuda"),
        pytest.param(report("2.13.0", "cuda-bindings==13.0.3"), False, id="requires-cuda-bindings-only"),
        pytest.param(report("2.13.0+cu130"), False, id="cuda-by-its-version"),
        pytest.param(report("2.13.0+rocm6.4"), False, id="rocm-by-its-version"),
        pytest.param(report("1.0", name="torchvision"), False, id="another-package"),
        pytest.param({"version": "1", "install": []}, False, id="nothing-to-install"),
        pytest.param({}, False, id="no-report"),
    ],
)
def test_a_cpu_build_is_recognised(found: dict[str, Any], *, expected: bool) -> None:
    assert is_cpu_build(found) is expected


@pytest.mark.parametrize(
    ("choice", "platform", "found", "expected"),
    [
        pytest.param("cpu", "linux", CPU, "pip", id="linux-pip-has-a-cpu-build"),
        pytest.param("cpu", "linux", PLAIN, "pip", id="linux-pip-has-a-plain-build"),
        pytest.param("cpu", "linux", CUDA, "uv", id="linux-pip-has-a-cuda-build"),
        pytest.param("cpu", "linux", None, "uv", id="linux-pip-cannot-tell"),
        pytest.param("cpu", "darwin", None, "pip", id="mac"),
        pytest.param("cpu", "darwin", CUDA, "pip", id="mac-metadata-names-linux-packages"),
        pytest.param("cu130", "linux", CPU, "uv", id="a-cuda-build-asked-for"),
        pytest.param("pypi", "linux", CUDA, "pip", id="pip-as-it-is"),
    ],
)
def test_who_installs_torch(choice: str, platform: str, found: dict[str, Any] | None, expected: str) -> None:
    assert installer(choice, platform=platform, report=found) == expected


def test_what_the_lock_knows_of_torch_is_what_torch_requires(pyproject: dict[str, Any]) -> None:
    [stated] = pyproject["tool"]["uv"]["dependency-metadata"]
    assert f"torch=={stated['version']}" in pyproject["project"]["dependencies"]
    requires = [Requirement(text) for text in importlib.metadata.requires("torch") or []]
    own = {
        str(requirement)
        for requirement in requires
        if not re.match(r"nvidia|cuda|triton", requirement.name)
        and "extra" not in str(requirement.marker or "")
    }
    assert {text.split(";")[0].strip() for text in own} == set(stated["requires-dist"])


# --- make ---------------------------------------------------------------------------------------------------


def make(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    outer = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "PYTHON", "TORCH", "VENV")
    environment = {name: value for name, value in os.environ.items() if name not in outer}
    if path is not None:
        environment["PATH"] = path
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("remembered", "asked", "expected"),
    [
        pytest.param(None, [], "cpu", id="cpu-unless-asked"),
        pytest.param(None, ["TORCH=cu130"], "cu130", id="one-variable-away"),
        pytest.param("cu130", [], "cu130", id="an-earlier-choice-stays"),
        pytest.param("cu130", ["TORCH=cpu"], "cpu", id="until-another-is-made"),
    ],
)
def test_the_build_of_torch(tmp_path: Path, remembered: str | None, asked: list[str], expected: str) -> None:
    if remembered:
        (tmp_path / "torch-choice").write_text(f"{remembered}\n", encoding="utf-8")
    planned = make("--dry-run", "install", f"VENV={tmp_path}", *asked)
    assert planned.returncode == 0, planned.stderr
    assert f"--choice {expected} " in planned.stdout


def test_a_second_run_installs_nothing(tmp_path: Path) -> None:
    planned = make("--dry-run", "run", f"VENV={tmp_path}").stdout
    stamps = re.findall(r"^touch (\S+)$", planned, flags=re.MULTILINE)
    assert len(stamps) == 2
    assert "--requirement requirements.lock" in planned
    (tmp_path / "bin").mkdir()
    for made in (tmp_path / "bin" / "python", *map(Path, stamps)):
        made.touch()
    assert make("--dry-run", "run", f"VENV={tmp_path}").stdout.splitlines() == [
        f"{tmp_path}/bin/python app.py --open"
    ]


def stand_in(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_an_interpreter_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    stand_in(tmp_path, "python3", "echo 'command not found' >&2; exit 127")
    makes = 'case "$1" in -m) mkdir -p "$4/bin"; echo 3.13 > "$4/bin/python";; esac'
    stand_in(tmp_path, "python3.13", makes)
    venv = tmp_path / "venv"
    done = make(f"VENV={venv}", f"{venv}/bin/python", path=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert (venv / "bin" / "python").read_text(encoding="utf-8") == "3.13\n"


def test_no_usable_interpreter_is_one_clear_line(tmp_path: Path) -> None:
    broken = stand_in(tmp_path, "python9", "exit 127")
    venv = tmp_path / "venv"
    done = make(f"VENV={venv}", f"PYTHON={broken}", f"{venv}/bin/python")
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(said) == 1
    assert "Python 3.11 to 3.13" in said[0]
    assert str(broken) in said[0]
    assert not venv.exists()


def test_the_check_of_a_clone_is_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = [line for line in script.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    assert commands[0] == "set -euo pipefail"
    assert commands[-1] == "make test"


# --- Settings, network, layers ------------------------------------------------------------------------------


def test_the_settings_example_has_every_setting_with_its_default() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    stated = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(stated) == {name.upper() for name in Settings.model_fields} == set(SETTINGS)
    # What is left empty means the default; what is stated is the default.
    given = {name.lower(): value for name, value in stated.items() if value}
    assert Settings.model_validate(given) == Settings()


def test_tests_reach_this_machine_only() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
    with socket.socket() as outward, pytest.raises(SocketConnectBlockedError):
        outward.connect(("192.0.2.1", 80))  # reserved for documentation (RFC 5737)


def lint_imports(folder: Path, modules: dict[str, str]) -> dict[str, str]:
    """Outcome by contract, in a made-up tree with these modules under the project's contracts."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in ("assistant", "eval", "index", "prompts"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
    for name, source in modules.items():
        path = folder / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(source, encoding="utf-8")
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200"},
        check=False,
        capture_output=True,
        text=True,
    )
    outcomes = dict(re.findall(r"^(\S.*?) (KEPT|BROKEN)\b", done.stdout, flags=re.MULTILINE))
    assert outcomes, done.stdout + done.stderr
    return outcomes


def test_the_layers_as_designed_are_kept(tmp_path: Path) -> None:
    outcomes = lint_imports(
        tmp_path,
        {
            "assistant.model": "import langchain_openai\nimport langchain_ollama\nimport langchain\n",
            "assistant.pipeline": "import assistant.model\nimport index.store\nimport prompts.load\n",
            "assistant.ui.window": "import gradio\n",
            "eval.run": "import assistant.pipeline\nimport index.embed\n",
            "index.embed": "import sentence_transformers\n",
            "index.store": "import chromadb\n",
            "index.training.fit": "import sentence_transformers\n",
            "prompts.load": "import string\n",
        },
    )
    assert len(outcomes) == 6
    assert set(outcomes.values()) == {"KEPT"}


def test_a_breach_of_any_layer_is_noticed(tmp_path: Path) -> None:
    outcomes = lint_imports(
        tmp_path,
        {
            "assistant.answer": "import openai\nimport app\n",
            "eval.run": "import gradio\n",
            "index.retrieve": "import chromadb\nimport prompts\n",
            "index.lexical": "import sentence_transformers\n",
        },
    )
    assert len(outcomes) == 6
    assert set(outcomes.values()) == {"BROKEN"}
