"""Steps are thin: one call each, all used, none ambiguous."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from pytest_bdd.gherkin_parser import get_gherkin_document
from pytest_bdd.parser import render_string

from dicfix.pytest_plugin.written_features import Row, StepDefinitions, scenarios_in, unused_step_definitions
from tests.meta.source import ROOT, Definition, modules, place

MAX_LINES = 5
KEYWORDS = {"given", "when", "then", "step"}
FEATURES = sorted((ROOT / "features").rglob("*.feature"))
CONTROL_FLOW = ast.If | ast.For | ast.While | ast.Try | ast.With | ast.Assert | ast.Match | ast.IfExp | ast.ListComp


def decorator_name(node: ast.expr) -> str:
    """``given`` for ``@given(...)``."""
    function = node.func if isinstance(node, ast.Call) else node
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def step_functions() -> list[tuple[str, Definition]]:
    return [
        (place(module, function), function)
        for module in modules("steps")
        for function in module.definitions()
        if any(decorator_name(one) in KEYWORDS for one in function.decorator_list)
    ]


def body(function: Definition) -> list[ast.stmt]:
    """The statements without the docstring."""
    return function.body[1:] if ast.get_docstring(function) is not None else function.body


def is_one_call(statements: list[ast.stmt]) -> bool:
    """Whether a body is a single call, returned or not; what a call is given may be a call."""
    if len(statements) != 1 or not isinstance(statements[0], ast.Expr | ast.Return):
        return False
    return isinstance(statements[0].value, ast.Call)


STEPS = step_functions()


def test_there_are_steps_and_features() -> None:
    assert len(STEPS) > 40
    assert len(FEATURES) >= 5


def test_a_step_is_one_call() -> None:
    assert [where for where, function in STEPS if not is_one_call(body(function))] == []


def test_a_step_has_five_lines_at_most() -> None:
    lengths = {where: (function.end_lineno or 0) - body(function)[0].lineno + 1 for where, function in STEPS}
    assert {where: length for where, length in lengths.items() if length > MAX_LINES} == {}


def test_a_step_decides_and_asserts_nothing() -> None:
    deciding = [where for where, one in STEPS if any(isinstance(node, CONTROL_FLOW) for node in ast.walk(one))]
    assert deciding == []


def test_a_step_calls_no_other_step() -> None:
    names = {function.name for _where, function in STEPS}
    calling = [
        where
        for where, function in STEPS
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    ]
    assert calling == []


def test_every_step_module_is_loaded() -> None:
    conftest = ast.literal_eval(
        next(
            node.value
            for node in ast.parse((ROOT / "conftest.py").read_text()).body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytest_plugins"
        )
    )
    assert {one.name for one in modules("steps")} - {"steps"} == {one for one in conftest if one.startswith("steps.")}


def test_no_step_definition_is_unused(request: pytest.FixtureRequest) -> None:
    assert unused_step_definitions(request.session, FEATURES) == []


@pytest.mark.parametrize("path", FEATURES, ids=lambda path: path.stem)
def test_every_step_of_a_feature_has_exactly_one_definition(path: Path, request: pytest.FixtureRequest) -> None:
    definitions = StepDefinitions(request.session)
    wrong = {
        f"{step.type} {text}": [one.parser.name for one in found]
        for scenario in scenarios_in(get_gherkin_document(str(path)).feature, path)
        for row in scenario.rows or [Row(scenario.line, {})]
        for step in (*scenario.background, *scenario.steps)
        for text in [render_string(step.name, row.values)]
        if len(found := definitions.matching(step.type, text)) != 1
    }
    assert wrong == {}
