"""`AUTH_FILE`: names with hashed passwords, one `name:hash` a line.

`python -m assistant.ui.login NAME` makes such a line. The hash is scrypt (RFC 7914) with a salt of its own:
`scrypt$n$r$p$salt$key`, salt and key in Base64.
"""

from __future__ import annotations

import base64
import binascii
import getpass
import hashlib
import hmac
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_N, _R, _P = 2**14, 8, 5  # the cost that OWASP's password storage guidance gives for 16 MiB
_MOST_REMEMBERED = 1_000


class LoginFileError(Exception):
    """The login file can't be used; the message is one bilingual line."""


@dataclass(frozen=True, slots=True)
class Logins:
    """Who may use the window. A right login is remembered by its digest: scrypt is slow on purpose."""

    hashes: Mapping[str, str]
    _known: dict[bytes, str] = field(default_factory=dict)
    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @classmethod
    def load(cls, path: Path) -> Logins:
        """Read `name:hash` lines; empty lines and those that start with # are comments.

        Raises:
            LoginFileError: the file can't be read, holds no login, or a line is not of the form.
        """
        hashes: dict[str, str] = {}
        try:
            lines = path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise LoginFileError(f"读不到 AUTH_FILE。 Can't read AUTH_FILE {path.name}: {error}") from None
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.startswith("#"):
                continue
            name, _, hashed = line.strip().partition(":")
            if not name or not _fields(hashed):
                raise LoginFileError(
                    f"AUTH_FILE 第 {number} 行有误。 {path.name}:{number} is not “name:hash”; "
                    "python -m assistant.ui.login NAME makes such a line"
                )
            hashes[name] = hashed
        if not hashes:
            raise LoginFileError(f"AUTH_FILE 中没有用户。 {path.name} names nobody.")
        return cls(hashes)

    def name_of(self, authorization: str) -> str | None:
        """The name behind `Authorization: Basic …` or `Bearer name:password`; None if it isn't right."""
        digest = hashlib.sha256(self._salt + authorization.encode("utf-8", "replace")).digest()
        if digest in self._known:
            return self._known[digest]
        scheme, _, value = authorization.partition(" ")
        try:
            given = (
                base64.b64decode(value, validate=True).decode("utf-8") if scheme.lower() == "basic" else value
            )
        except (binascii.Error, UnicodeDecodeError):
            return None
        name, colon, password = given.partition(":")
        if scheme.lower() not in {"basic", "bearer"} or not colon:
            return None
        # An unknown name takes as long as a wrong password.
        if (
            not verify(password, self.hashes.get(name) or next(iter(self.hashes.values())))
            or name not in self.hashes
        ):
            return None
        if len(self._known) < _MOST_REMEMBERED:
            self._known[digest] = name
        return name


def hash_password(password: str) -> str:
    """A password as it stands in the file."""
    salt = secrets.token_bytes(16)
    key = hashlib.scrypt(password.encode(), salt=salt, n=_N, r=_R, p=_P)
    return "$".join(
        ("scrypt", str(_N), str(_R), str(_P), *(base64.b64encode(part).decode() for part in (salt, key)))
    )


def verify(password: str, hashed: str) -> bool:
    """Whether a password is the one that was hashed."""
    fields = _fields(hashed)
    if fields is None:
        return False
    n, r, p, salt, key = fields
    given = hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, dklen=len(key), maxmem=256 * 2**20)
    return hmac.compare_digest(given, key)


def _fields(hashed: str) -> tuple[int, int, int, bytes, bytes] | None:
    parts = hashed.split("$")
    try:
        scheme, n, r, p, salt, key = parts
        decoded = base64.b64decode(salt, validate=True), base64.b64decode(key, validate=True)
        return (int(n), int(r), int(p), *decoded) if scheme == "scrypt" and all(decoded) else None
    except ValueError:
        return None


def main(arguments: Sequence[str]) -> int:
    """Print one line for the file, the password asked for at the terminal or read from standard input."""
    if len(arguments) != 1 or not arguments[0] or ":" in arguments[0]:
        sys.stderr.write("用法 usage: python -m assistant.ui.login NAME\n")
        return 2
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not password:
        sys.stderr.write("密码不能为空。 The password is empty.\n")
        return 2
    sys.stdout.write(f"{arguments[0]}:{hash_password(password)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
