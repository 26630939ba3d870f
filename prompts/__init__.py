"""The prompts: one file per task and role (`<task>.<role>.txt`), filled in here and nowhere else.

A file is a `string.Template`: `${name}` stands for a variable, `$$` for a dollar sign. Rendering is strict in
both directions, so that a prompt and the code that fills it can't drift apart unseen.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from string import Template

FOLDER = Path(__file__).resolve().parent
ROLES = ("system", "user")


class PromptError(Exception):
    """A prompt is missing or damaged, or got too few or too many variables: a mistake in this program."""


def tasks() -> tuple[str, ...]:
    """The names of all tasks, sorted."""
    return tuple(sorted({file.name.partition(".")[0] for file in FOLDER.glob("*.*.txt")}))


def render(task: str, **variables: str) -> tuple[tuple[str, str], ...]:
    """The messages of a task: pairs (role, text), system first.

    A value stands in the text as it is; what looks like a variable inside a value is not replaced.

    Raises:
        PromptError: there is no such task, or `variables` are not exactly those that its files name.
    """
    templates = {role: _template(task, role) for role in ROLES}
    declared = {name for template in templates.values() for name in template.get_identifiers()}
    if missing := sorted(declared - variables.keys()):
        raise PromptError(f"The prompt “{task}” needs {', '.join(missing)}.")
    if undeclared := sorted(variables.keys() - declared):
        raise PromptError(f"The prompt “{task}” has no place for {', '.join(undeclared)}.")
    return tuple((role, template.substitute(variables).strip()) for role, template in templates.items())


@cache
def fingerprint() -> str:
    """Twelve hexadecimal digits that change with any prompt's wording, its line ends apart."""
    digest = hashlib.sha256()
    for file in sorted(FOLDER.glob("*.*.txt")):
        digest.update(f"{file.name}\0{file.read_text('utf-8')}\0".encode())
    return digest.hexdigest()[:12]


@cache
def _template(task: str, role: str) -> Template:
    file = FOLDER / f"{task}.{role}.txt"
    try:
        template = Template(file.read_text("utf-8"))
    except FileNotFoundError:
        raise PromptError(f"There is no prompt {file.name}.") from None
    if not template.is_valid():
        raise PromptError(f"{file.name} has a $ that is neither $$ nor a variable.")
    return template
