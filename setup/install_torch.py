"""Install torch: a CPU build unless another is asked for.

The Makefile calls this before it installs the lock, which has neither torch nor its CUDA companions:

    python setup/install_torch.py torch==2.13.0 --choice cpu --constraint requirements-test.lock

On Linux the build that pip finds is usually a CUDA one, several gigabytes large. pip is asked first what it
would install; unless that is a CPU build already, uv installs it, which knows where each kind is found.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

# Packages that only the accelerated builds require, by the start of their names.
_ACCELERATED = re.compile(r"(nvidia|cuda|triton|pytorch-triton|rocm|intel-|onemkl)", re.IGNORECASE)
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


class TorchInstallError(Exception):
    """torch could not be installed; the message says why and what to try."""


def is_cpu_build(report: Mapping[str, Any]) -> bool:
    """Tell whether pip would install a CPU build.

    Args:
        report: pip's installation report (`pip install --dry-run --report -`), format version 1.

    Returns:
        True for a version such as `2.13.0+cpu` and for one without a local part that requires no accelerator
        package. False for `2.13.0+cu130`, and when the report names no torch.
    """
    for item in report.get("install", []):
        metadata = item.get("metadata", {})
        if metadata.get("name") == "torch":
            local = metadata.get("version", "").partition("+")[2]
            if local:
                return bool(local == "cpu")
            return not any(_ACCELERATED.match(required) for required in metadata.get("requires_dist", []))
    return False


def installer(choice: str, *, platform: str, report: Mapping[str, Any] | None) -> str:
    """Decide which tool installs torch.

    Args:
        choice: `cpu`, `pypi` (whatever pip finds), or a backend that uv knows: `cu130`, `rocm6.4`, `auto`.
        platform: As in `sys.platform`.
        report: What pip would install, or None when it could not tell.

    Returns:
        `pip` or `uv`.
    """
    if choice == "pypi":
        return "pip"
    # Every build for macOS runs on the CPU (and Apple's GPU), whatever its metadata asks for on Linux.
    if choice == "cpu" and (platform == "darwin" or (report is not None and is_cpu_build(report))):
        return "pip"
    return "uv"


def _ask_pip(requirement: str) -> Mapping[str, Any] | None:
    question = ("install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps", "--report", "-")
    asked = subprocess.run((*_PIP, *question, requirement), check=False, text=True, stdout=subprocess.PIPE)
    try:
        report = json.loads(asked.stdout)
    except json.JSONDecodeError:
        return None
    return report if isinstance(report, dict) else None


def install(requirement: str, *, choice: str, constraint: str) -> None:
    """Install one build of torch and what it requires, replacing any other build once it is at hand.

    Args:
        requirement: Such as `torch==2.13.0`.
        choice: As for `installer`.
        constraint: File with the versions that uv and torch's own requirements must have.

    Raises:
        TorchInstallError: No build could be installed.
    """
    report = _ask_pip(requirement) if choice == "cpu" and sys.platform != "darwin" else None
    tool = installer(choice, platform=sys.platform, report=report)
    # Another build of the same version counts as installed for both tools, so each is told to replace it.
    steps: list[tuple[str, ...]]
    if tool == "pip":
        steps = [
            (*_PIP, "install", "--quiet", "--force-reinstall", "--no-deps", requirement),
            (*_PIP, "install", "--quiet", "--constraint", constraint, requirement),
        ]
    else:
        uv = (sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable)
        steps = [
            (*_PIP, "install", "--quiet", "--constraint", constraint, "uv"),
            (
                *uv,
                "--reinstall-package=torch",
                "--constraint",
                constraint,
                f"--torch-backend={choice}",
                requirement,
            ),
        ]
    done = all(subprocess.run(step, check=False).returncode == 0 for step in steps)
    if not done:
        others = ", ".join(f"TORCH={other}" for other in ("cpu", "pypi", "cu130") if other != choice)
        raise TorchInstallError(
            f"Could not install {requirement} (TORCH={choice}) with {tool}: see the lines above. "
            f"Check the network, or choose another build: {others}."
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(description="Install torch: a CPU build unless another is asked for.")
    parser.add_argument("requirement", help="such as torch==2.13.0")
    parser.add_argument("--choice", default="cpu", help="cpu, pypi, or a backend of uv's such as cu130")
    parser.add_argument("--constraint", required=True, help="file that pins uv and what torch requires")
    options = parser.parse_args(arguments)
    try:
        install(options.requirement, choice=options.choice, constraint=options.constraint)
    except TorchInstallError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
