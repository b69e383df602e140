"""The official JSON schema of SARIF 2.1.0, installed once beside its validator; none of it is kept here."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.tools import missing, require_tool

HERE = Path(__file__).resolve().parent / "sarif"
INSTALL_S = 180


def complaints(document: Any) -> list[str]:
    """What the schema says against a document; a test without Node or the schema is skipped by name."""
    _install()
    done = subprocess.run(
        [require_tool("node"), str(HERE / "validate.mjs")],
        input=json.dumps(document), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    found: list[str] = json.loads(done.stdout)
    return found


def _install() -> None:
    require_tool("node")
    lock = json.loads((HERE / "package-lock.json").read_text())["packages"]
    wanted = {name: lock[f"node_modules/{name}"]["version"] for name in ("@microsoft/jest-sarif", "ajv")}
    manifests = {name: HERE / "node_modules" / name / "package.json" for name in wanted}
    if all(path.exists() and json.loads(path.read_text())["version"] == wanted[n] for n, path in manifests.items()):
        return
    command = [require_tool("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    if done.returncode != 0:
        missing(f"the schema of SARIF cannot be installed with npm: {done.stderr.strip().splitlines()[-1:]}")
