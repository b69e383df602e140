"""Programs that tests compare dicfix with: found, or the test is skipped by name (in CI it fails)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

_PACKAGES = {"mosquitto_pub": "mosquitto-clients", "mosquitto_sub": "mosquitto-clients", "node": "nodejs"}
"""Where the Debian package has another name than its program."""


def require_tool(tool: str) -> str:
    """The path of ``tool``; without it the test is skipped with its name, or fails where CI=true."""
    package = _PACKAGES.get(tool, tool)
    return shutil.which(tool) or missing(f"{tool} is not on this machine (Debian package: {package})")


def missing(reason: str) -> NoReturn:
    """Something that tests compare with is not to be had: a skip that names it, a failure where CI=true."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def run_tool(tool: str, *arguments: str, cwd: Path | None = None) -> str:
    """What ``tool`` prints on standard output; a failure is an AssertionError with what it says."""
    done = subprocess.run(
        [require_tool(tool), *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{tool} {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout


def openssl(command: str, *rest: str, cwd: Path) -> str:
    """What openssl prints for a command written as in a shell; ``rest`` are arguments that may hold spaces."""
    return run_tool("openssl", *command.split(), *rest, cwd=cwd)


def openssl_makes_the_guides_files(
    directory: Path,
    *,
    ca_subject: str = "/CN=DIC CA",
    clients: dict[str, str] | None = None,
    registration_code: str | None = None,
) -> None:
    """Run the guide's OpenSSL commands in ``directory``; ``clients`` maps a file name's stem to its subject."""

    ca = "-CA CA.crt -CAkey CA.key -CAcreateserial"
    openssl("ecparam -genkey -name prime256v1 -noout -out CA.key", cwd=directory)
    openssl("req -new -x509 -days 1826 -key CA.key -out CA.crt -subj", ca_subject, cwd=directory)
    for stem, subject in (clients or {"device": "/CN=device", "explorer": "/CN=explorer"}).items():
        openssl(f"ecparam -genkey -name prime256v1 -noout -out {stem}.key", cwd=directory)
        openssl(f"req -new -key {stem}.key -out {stem}.csr -subj", subject, cwd=directory)
        openssl(f"x509 -req -in {stem}.csr {ca} -out {stem}.crt -days 360", cwd=directory)
    if registration_code is not None:
        stem, subject = "verification_cert", f"/CN={registration_code}"
        openssl(f"genrsa -out {stem}.key 2048", cwd=directory)
        openssl(f"req -new -key {stem}.key -out {stem}_csr.csr -subj", subject, cwd=directory)
        openssl(f"x509 -req -in {stem}_csr.csr {ca} -out {stem}.pem -days 500 -sha256", cwd=directory)
