"""A small project with features and steps of its own, run by a pytest in its own process."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

PLUGIN = """
    import pytest
    from dicfix.pytest_plugin.machinery import Machinery, register

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(config):
        register(config, Machinery({arguments}))
"""

STEPS = """
    import pytest
    from pytest_bdd import given, parsers, then, when

    @given(parsers.parse("a lamp named {name}"), target_fixture="lamp")
    def a_lamp(name):
        return {"name": name, "on": False}

    @when("it is switched on")
    def switch_on(lamp):
        lamp["on"] = True

    @when("it is dropped")
    def drop(lamp):
        raise RuntimeError("the lamp broke")

    @then("it is lit")
    def it_is_lit(lamp):
        assert lamp["on"], "the lamp is dark"
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left: exit code and output."""

    code: int
    out: str

    def counts(self) -> dict[str, int]:
        """The numbers of pytest's last line, by outcome."""
        last = [line for line in self.out.splitlines() if re.search(r"\bin [\d.]+s", line)][-1]
        return {word.rstrip("s"): int(number) for number, word in re.findall(r"(\d+) ([a-z]+)", last)}


class Project:
    """A folder with conftest, steps and features."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.repository = REPOSITORY
        self.results_dir = path / "reports" / "allure-results"
        self.write("pytest.ini", "[pytest]\nstrict = true\naddopts = --tb=short\nfilterwarnings = error\n")
        self.write("conftest.py", 'pytest_plugins = ["plugin_under_test", "lamp_steps"]\n')
        self.machinery("")
        self.steps(STEPS)

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
        return path

    def machinery(self, arguments: str, *, more: str = "") -> None:
        """Replace what the plugin under test is told; ``more`` is added to its module."""
        self.write("plugin_under_test.py", dedent(PLUGIN).format(arguments=arguments) + dedent(more))

    def steps(self, text: str) -> None:
        self.write("lamp_steps.py", text)

    def feature(self, name: str, text: str) -> Path:
        return self.write(f"features/{name}.feature", text)

    def run(self, *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> Run:
        """Run pytest on the project in a process of its own."""
        command = [sys.executable, "-m", "pytest", "-p", "no:hypothesispytest", "-p", "no:cacheprovider", *arguments]
        if "--lf" in arguments or "--cache" in arguments:
            command = [
                sys.executable,
                "-m",
                "pytest",
                "-p",
                "no:hypothesispytest",
                *(word for word in arguments if word != "--cache"),
            ]
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV"))}
        paths = os.pathsep.join([str(REPOSITORY), str(self.path)])
        environment = inherited | {"PYTHONPATH": paths, "COLUMNS": "200", "NO_COLOR": "1"} | (env or {})
        done = subprocess.run(
            command, cwd=cwd or self.path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        return Run(done.returncode, done.stdout + done.stderr)

    def run_allure(self, *arguments: str, **kwargs: Any) -> Run:
        return self.run("--alluredir=reports/allure-results", *arguments, **kwargs)

    def results(self) -> dict[str, dict[str, Any]]:
        """The Allure results by title."""
        loaded = [json.loads(path.read_text()) for path in sorted(self.results_dir.glob("*-result.json"))]
        by_name = {result["name"]: result for result in loaded}
        assert len(by_name) == len(loaded), "two results of one name"
        return by_name

    def attachment(self, source: str) -> str:
        return (self.results_dir / source).read_text()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project that knows the steps of a lamp."""
    return Project(tmp_path)


@pytest.fixture(scope="module")
def make_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Makes projects that a module's tests share."""
    return lambda: Project(tmp_path_factory.mktemp("project"))
