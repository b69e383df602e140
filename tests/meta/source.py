"""The project's own source, read once: every Python module as a tree, and every text file that is kept."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

Definition = ast.FunctionDef | ast.AsyncFunctionDef
NOT_OURS = {"node_modules", "__pycache__", ".venv", "build", "dist", "dicfix.egg-info"}
LEFT_BY_RUNS = "reports"


@dataclass(frozen=True)
class Module:
    """A Python file: ``path`` is relative to the root, ``name`` the dotted name that it is imported under."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Such as ``dicfix.offline.cloud``; of a package the name of the package."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def definitions(self) -> Iterator[Definition]:
        """Every function, methods and inner functions included."""
        yield from (node for node in ast.walk(self.tree) if isinstance(node, Definition))

    def imports(self) -> set[str]:
        """Every name that is imported anywhere in the file, as dotted as it is written: ``a.b`` and ``a.b.c``."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found.update(one.name for one in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                assert node.level == 0, f"{self.path}:{node.lineno} imports relatively"
                found.add(node.module)
                found.update(f"{node.module}.{one.name}" for one in node.names)
        return found


def is_ours(path: Path) -> bool:
    """Whether a file is written here, not installed, built or left by a run."""
    parts = path.relative_to(ROOT).parts
    return parts[0] != LEFT_BY_RUNS and not NOT_OURS & set(parts)


@cache
def modules(folder: str) -> tuple[Module, ...]:
    """The Python files of a folder below the root."""
    paths = sorted(path for path in (ROOT / folder).rglob("*.py") if is_ours(path))
    read = ((path.relative_to(ROOT), path.read_text(encoding="utf-8")) for path in paths)
    return tuple(Module(path, text, ast.parse(text)) for path, text in read)


@cache
def kept_files() -> dict[Path, str]:
    """Every text file that git keeps, by its path below the root; without git every file that is ours."""
    git = shutil.which("git")
    listed = subprocess.run([git or "git", "ls-files"], cwd=ROOT, capture_output=True, text=True) if git else None
    if listed and listed.returncode == 0 and listed.stdout:
        paths = [ROOT / line for line in listed.stdout.splitlines()]
    else:
        paths = sorted(path for path in ROOT.rglob("*") if not str(path.relative_to(ROOT)).startswith("."))
    ours = (path for path in paths if path.is_file() and is_ours(path))
    return {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in ours}


def place(module: Module, node: ast.AST) -> str:
    """File and line, for a message."""
    return f"{module.path}:{getattr(node, 'lineno', 1)}"
