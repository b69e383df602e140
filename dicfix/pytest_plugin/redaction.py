"""The one place where secrets and absolute paths are taken out of everything that leaves a run.

Belongs here: what counts as a secret, and its replacement in text, bytes and nested values. Imports pytest and attrs.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import attr
import pytest
from allure_commons import model2

REDACTED = "<redacted>"
PRIVATE_KEY = "<private key redacted>"

_ENVIRONMENT_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
_SHORTEST_SECRET = 8

_WHOLE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?-----END [A-Z0-9 ]*PRIVATE KEY-----", re.DOTALL)
# A text that was cut short shows half a key: what base64, headers and quoting are made of goes with it.
_HEAD_OF_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\w+/=\s\\.,:'\"-]*")
_TAIL_OF_KEY = re.compile(r"[\w+/=\s\\.]*-----END [A-Z0-9 ]*PRIVATE KEY-----")
_ACCESS_KEY_ID = re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])")
_NAMED_SECRET = re.compile(
    r"(?P<name>(?:aws_?)?(?:secret_?access_?key|session_?token|security_?token)|x-amz-security-token|x-amz-signature"
    r"|\bsignature(?==))"
    r"(?P<between>[\"']?\s*[=:]\s*[\"']?)(?P<value>[^\s\"',;&}\]]+)",
    re.IGNORECASE,
)
_NAMED_HINT = re.compile(r"secret|token|signature", re.IGNORECASE)


_RESULT_TYPES = (
    model2.ExecutableItem,
    model2.TestResultContainer,
    model2.Parameter,
    model2.Label,
    model2.Link,
    model2.StatusDetails,
    model2.Attachment,
    model2.Globals,
)


class Redactor:
    """Replaces secrets and absolute paths in text; ``paths`` maps a folder to what is shown in its place."""

    def __init__(self, paths: Mapping[Path, str], secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        for secret in secrets:
            self.add_secret(secret)
        shown = {folder: name for path, name in paths.items() for folder in {str(path), str(path.resolve())}}
        self._folders = {folder: name for folder, name in shown.items() if len(Path(folder).parts) > 1}
        longest_first = sorted(map(re.escape, self._folders), key=len, reverse=True)
        self._folder = re.compile(rf"(?<![\w.~-])({'|'.join(longest_first)})(/|(?![\w.-]))") if longest_first else None

    def add_secret(self, secret: str) -> None:
        """Take out this very text from now on; a text of fewer than 8 characters is ignored."""
        if len(secret) >= _SHORTEST_SECRET:
            self._secrets.add(secret)

    def text(self, text: str) -> str:
        """``text`` without secrets and absolute paths."""
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        if "PRIVATE KEY-----" in text:
            for pattern in (_WHOLE_KEY, _HEAD_OF_KEY, _TAIL_OF_KEY):
                text = pattern.sub(PRIVATE_KEY, text)
        if "AKIA" in text or "ASIA" in text:
            text = _ACCESS_KEY_ID.sub(REDACTED, text)
        if _NAMED_HINT.search(text):
            text = _NAMED_SECRET.sub(rf"\g<name>\g<between>{REDACTED}", text)
        return self._folder.sub(self._shown, text) if self._folder and "/" in text else text

    def body(self, body: str | bytes) -> str | bytes:
        """The content of an attachment; bytes that are not text are searched for keys all the same."""
        if isinstance(body, str):
            return self.text(body)
        try:
            return self.text(body.decode("utf-8")).encode("utf-8")
        except UnicodeDecodeError:
            return self.text(body.decode("latin-1")).encode("latin-1")

    def value(self, value: object) -> object:
        """A JSON value, or a result object of allure_commons (changed in place), with all its texts redacted."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.value(key): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        if isinstance(value, _RESULT_TYPES):
            for name in (field.name for field in attr.fields(type(value))):
                setattr(value, name, self.value(getattr(value, name)))
        return value

    def _shown(self, match: re.Match[str]) -> str:
        name, slash = self._folders[match[1]], match[2]
        return name + slash if name else "" if slash else "."


_KEY = pytest.StashKey[Redactor]()


def redactor_of(config: pytest.Config) -> Redactor:
    """The redactor of this run: rootdir is shown as nothing, others as ``<tmp>``, ``~`` and ``<python>``."""
    if _KEY not in config.stash:
        basetemp = config.getoption("basetemp", None)
        paths = {
            Path(sys.base_prefix): "<python>",
            Path(sys.prefix): "<python>",
            Path.home(): "~",
            Path(tempfile.gettempdir()): "<tmp>",
            **({Path(basetemp).absolute(): "<tmp>"} if basetemp else {}),
            config.rootpath: "",
        }
        secrets = (os.environ.get(name, "") for name in _ENVIRONMENT_SECRETS)
        config.stash[_KEY] = Redactor(paths, secrets)
    return config.stash[_KEY]
