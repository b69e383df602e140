"""The house rules that a program can see: sizes, docstrings, no sleeping, no secrets, no machine's own paths."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import dicfix.offline
from dicfix.controls import CONTROLS
from dicfix.offline.rules import RULES
from tests.meta.source import ROOT, Definition, Module, kept_files, modules, place

MAX_MODULE_LINES = 330
MAX_FUNCTION_LINES = 60
OURS = (*modules("dicfix"), *modules("steps"))
TESTS = modules("tests")

LONGER: dict[str, int] = {}
"""Modules that are longer than the house likes, each with a limit of its own; nothing is added here without a word."""


def test_modules_are_short() -> None:
    limits = {str(module.path): LONGER.get(str(module.path), MAX_MODULE_LINES) for module in OURS}
    lengths = {str(module.path): len(module.text.splitlines()) for module in OURS}
    assert {path: length for path, length in lengths.items() if length > limits[path]} == {}
    assert [path for path in LONGER if lengths.get(path, 0) <= MAX_MODULE_LINES] == [], "no longer needs its line"


def test_functions_are_short() -> None:
    lengths = {
        f"{place(module, one)} {one.name}": (one.end_lineno or 0) - one.lineno + 1
        for module in (*OURS, *TESTS, *modules("benchmarks"))
        for one in module.definitions()
    }
    assert {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}


def public(body: list[ast.stmt]) -> list[Definition | ast.ClassDef]:
    """The public classes and functions of a body, with the methods of classes that derive from nothing.

    A class with a base may give what its base documents.
    """
    found: list[Definition | ast.ClassDef] = []
    for node in body:
        if isinstance(node, Definition | ast.ClassDef) and not node.name.startswith("_"):
            found.append(node)
            if isinstance(node, ast.ClassDef) and not node.bases:
                found += public(node.body)
    return found


def test_modules_and_public_names_are_documented() -> None:
    modules_without = [str(module.path) for module in OURS if not ast.get_docstring(module.tree)]
    assert modules_without == []
    without = [
        f"{place(module, node)} {node.name}"
        for module in modules("dicfix")
        for node in public(module.tree.body)
        if not ast.get_docstring(node)
    ]
    assert without == []


def test_nothing_sleeps() -> None:
    sleeping = [
        place(module, node)
        for module in (*OURS, *TESTS)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "sleep")
    ]
    assert sleeping == [], "poll with a named deadline instead"


def swallows(handler: ast.ExceptHandler) -> bool:
    """Whether a handler lets anything at all pass in silence."""
    broad = handler.type is None or ast.unparse(handler.type) in ("Exception", "BaseException")
    return broad and all(isinstance(one, ast.Pass | ast.Continue) for one in handler.body)


def suppresses_anything(node: ast.AST) -> bool:
    """Whether this is ``suppress(Exception)``."""
    return isinstance(node, ast.Call) and bool(
        re.fullmatch(r"(contextlib\.)?suppress\(\w*Exception\)", ast.unparse(node))
    )


def test_no_exception_is_swallowed() -> None:
    silent = [
        place(module, node)
        for module in (*OURS, *TESTS)
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.ExceptHandler) and swallows(node))
        or (
            isinstance(node, ast.Call)
            and re.fullmatch(r"(contextlib\.)?suppress\((Base)?Exception\)", ast.unparse(node))
        )
    ]
    assert silent == []


MACHINE_PATH = re.compile(
    r"(?<![\w.~<])/(?:work|root|home/(?!qa\b|somebody\b)\w+|Users/\w+|tmp/pytest-of-(?!qa\b)\w+)\b(?!-)"
)
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+(?:[A-Za-z0-9+/]{40,}={0,2}\s+)+")
CREDENTIALS = re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)(?!DICFIXOFFLINE|IOSFODNN7EXAMPL)[A-Z0-9]{16}(?![A-Z0-9])")


@pytest.mark.parametrize(
    ("what", "pattern"),
    [("a machine's own path", MACHINE_PATH), ("a private key", PRIVATE_KEY), ("an access key", CREDENTIALS)],
)
def test_no_kept_file_holds(what: str, pattern: re.Pattern[str]) -> None:
    holding = [
        f"{path}:{text[: match.start()].count(chr(10)) + 1}"
        for path, text in kept_files().items()
        if path != Path(__file__).relative_to(ROOT)
        for match in pattern.finditer(text)
    ]
    assert holding == [], what


def test_the_patterns_find_what_they_are_for() -> None:
    key = "-----BEGIN EC " + "PRIVATE KEY-----\n" + "MHcCAQEEIA" * 6 + "\n-----END"
    assert PRIVATE_KEY.search(key)
    assert MACHINE_PATH.search("in /ho" + "me/anna/project")
    assert CREDENTIALS.search("AKI" + "AQWERTYUIOPASDFGH")


ADDRESS = re.compile(r"://|\bgit\+|\s@\s|--(?:extra-)?index-url|--find-links|\b[\w-]+\.(?:org|com|io|net|dev)\b")


@cache
def requirements() -> tuple[str, ...]:
    """Everything that pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    return (*asked, *(one for extra in project["project"]["optional-dependencies"].values() for one in extra))


def dependency_texts() -> dict[str, str]:
    """Everything that says what is installed, by file name."""
    names = ("constraints.txt", "tests/interop/package-lock.json")
    asked = json.loads((ROOT / "tests/interop/package.json").read_text())["dependencies"]
    texts = {name: (ROOT / name).read_text() for name in names}
    return {**texts, "pyproject.toml": "\n".join(requirements()), "package.json": json.dumps(asked)}


@pytest.mark.parametrize("name", dependency_texts())
def test_dependencies_are_names_and_versions_without_an_address(name: str) -> None:
    text = dependency_texts()[name]
    assert len(text) > 10
    assert ADDRESS.findall(text) == []


def normal(name: str) -> str:
    """A distribution's name in its one spelling."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_is_pinned() -> None:
    pins = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    asked = {normal(match[0]) for one in requirements() if (match := re.match(r"[\w.-]+", one))}
    assert asked - {"setuptools"} - {normal(line.partition("==")[0]) for line in pins} == set()


def names_in(module: Module) -> set[str]:
    """The names that pytest gives to the functions and classes of a test file: ``name`` and ``Class::name``."""
    inside = {
        f"{node.name}::{one.name}"
        for node in module.tree.body
        if isinstance(node, ast.ClassDef)
        for one in node.body
        if isinstance(one, Definition)
    }
    return inside | {node.name for node in module.tree.body if isinstance(node, Definition)}


@cache
def rules() -> dict[str, tuple[str, ...]]:
    """The tests that hold each rule of the embedded cloud, once every module has registered its rules."""
    for found in walk_packages(dicfix.offline.__path__, "dicfix.offline."):
        import_module(found.name)
    return {name: one.held_by for name, one in RULES.items()}


def test_every_rule_is_held_by_tests_that_exist() -> None:
    known = {str(module.path): names_in(module) for module in TESTS}
    held = [(name, node_id.partition("[")[0].partition("::")) for name, ids in rules().items() for node_id in ids]
    assert [f"{name}: {path}::{test}" for name, (path, _, test) in held if test not in known.get(path, ())] == []
    assert [name for name, ids in rules().items() if not ids] == []
    assert [name for name in rules() if not re.fullmatch(r"[A-Z0-9]+(-[A-Z0-9]+)+", name)] == []
    assert len(rules()) > 100


def test_every_control_tells_what_why_and_what_to_do() -> None:
    untold = [name for name, one in CONTROLS.items() if not all(map(str.strip, (one.title, one.rationale, one.remedy)))]
    assert untold == []
    assert len(CONTROLS) > 40


def asserting_names() -> set[str]:
    """Functions and fixtures of the tests and the product that assert or raise, and those that call one of them."""
    calls: dict[str, set[str]] = {}
    found: set[str] = {"raises", "warns", "fail", "expect", "wait_for", "wait_until"}
    for module in (*TESTS, *modules("dicfix/lab")):
        for one in module.definitions():
            calls.setdefault(one.name, set()).update(called(one))
            if any(isinstance(node, ast.Assert | ast.Raise) for node in ast.walk(one)):
                found.add(one.name)
    while more := {name for name, inner in calls.items() if name not in found and inner & found}:
        found |= more
    return found


def called(function: Definition) -> set[str]:
    """The last names of what a function calls."""
    names = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return {one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in names}


def test_every_test_asserts() -> None:
    asserting = asserting_names()
    idle = [
        f"{place(module, one)} {one.name}"
        for module in TESTS
        for one in module.definitions()
        if one.name.startswith("test_") and module.path.name.startswith("test_")
        if not any(isinstance(node, ast.Assert) for node in ast.walk(one)) and not called(one) & asserting
    ]
    assert idle == []


def test_no_two_test_files_have_one_name() -> None:
    names = [module.path.name for module in TESTS if module.path.name.startswith("test_")]
    assert {name for name in names if names.count(name) > 1} == set()
