"""The private parts of pytest, pytest-bdd and allure-pytest that the plugin leans on are as it takes them to be.

A red test here after an upgrade names what to look at.
"""

from __future__ import annotations

import importlib
import inspect
from importlib.metadata import version

import allure_commons
import pytest
import pytest_bdd.compat
import pytest_bdd.feature
import pytest_bdd.gherkin_parser
import pytest_bdd.hooks
import pytest_bdd.parser
import pytest_bdd.steps
from allure_commons import model2
from allure_commons.logger import AllureFileLogger
from allure_commons.reporter import AllureReporter
from allure_pytest import utils as allure_utils
from allure_pytest.listener import AllureListener

# pytest_bdd.scenario as an attribute is the decorator of that name.
bdd_scenario = importlib.import_module("pytest_bdd.scenario")


def parameters(function):
    return list(inspect.signature(function).parameters)


def test_the_versions_are_those_that_the_plugin_was_written_for():
    assert version("pytest-bdd").startswith("9.")
    assert version("pytest").startswith("9.")
    assert version("allure-pytest").startswith("2.16")


def test_pytest_bdd_keeps_a_registry_from_function_to_scenario_template():
    registry = bdd_scenario.scenario_wrapper_template_registry
    assert type(registry).__name__ == "WeakKeyDictionary"
    fields = set(pytest_bdd.parser.ScenarioTemplate.__dataclass_fields__)
    assert {"feature", "name", "line_number", "description", "tags", "examples", "rule"} <= fields


def test_pytest_bdd_finds_step_definitions_by_step_and_node():
    source = inspect.getsource(bdd_scenario.find_fixturedefs_for_step)
    for condition in (".type is not None and", ".type != step.type", ".parser.is_matching(step.name)"):
        assert condition in source, "the lint matches steps by the same three conditions"
    assert parameters(pytest_bdd.compat.get_fixture_names) == ["fixturemanager"]
    assert parameters(pytest_bdd.compat.getfixturedefs) == ["fixturemanager", "fixturename", "node"]
    fields = set(pytest_bdd.steps.StepFunctionContext.__dataclass_fields__)
    assert {"type", "step_func", "parser", "target_fixture"} <= fields


def test_pytest_bdd_names_tests_after_scenarios_and_rows():
    assert bdd_scenario.make_python_name("1 The CA's key: <name>") == "the_cas_key_name"
    template = inspect.getsource(bdd_scenario.collect_example_parametrizations)
    assert '"-".join(context.values())' in template


def test_pytest_bdd_binds_scenarios_into_the_globals_of_the_caller():
    assert "get_caller_module_locals()" in inspect.getsource(bdd_scenario.scenarios)


def test_pytest_bdd_parses_raw_gherkin_with_locations():
    assert parameters(pytest_bdd.gherkin_parser.get_gherkin_document)[0] == "abs_filename"
    assert {"tags", "name", "children", "location"} <= set(pytest_bdd.gherkin_parser.Feature.__dataclass_fields__)
    assert {"table_header", "table_body", "tags"} <= set(pytest_bdd.gherkin_parser.ExamplesTable.__dataclass_fields__)
    assert parameters(pytest_bdd.parser.FeatureParser.parse_steps) == ["self", "steps_data"]
    assert pytest_bdd.parser.render_string("a <b> <c>", {"b": 1}) == "a 1 <c>"


def test_pytest_bdd_calls_the_step_hooks_with_these_names():
    wanted = {
        "pytest_bdd_before_scenario": {"request", "scenario"},
        "pytest_bdd_after_scenario": {"request"},
        "pytest_bdd_before_step": {"request", "step"},
        "pytest_bdd_after_step": {"request", "step"},
        "pytest_bdd_step_error": {"request", "step", "exception"},
        "pytest_bdd_step_func_lookup_error": {"request", "step", "exception"},
        "pytest_bdd_apply_tag": {"tag", "function"},
    }
    for name, arguments in wanted.items():
        assert arguments <= set(parameters(getattr(pytest_bdd.hooks, name))), name


def test_pytest_bdd_parametrizes_outlines_under_one_name():
    source = inspect.getsource(bdd_scenario._get_scenario_decorator)
    assert '"_pytest_bdd_example"' in source


def test_allure_pytest_has_a_listener_with_a_reporter():
    assert "self.allure_logger = AllureReporter()" in inspect.getsource(AllureListener.__init__)
    for name in ("get_test", "start_step", "stop_step", "attach_data"):
        assert callable(getattr(AllureReporter, name))
    assert "parent_uuid" in parameters(AllureReporter.attach_data)


def test_allure_commons_writes_files_through_these_hooks():
    hooks = [name for name in vars(AllureFileLogger) if name.startswith("report_")]
    assert sorted(hooks) == [
        "report_attached_data",
        "report_attached_file",
        "report_container",
        "report_globals",
        "report_result",
    ]
    assert callable(allure_commons.plugin_manager.get_plugins)


def test_every_result_type_of_allure_commons_is_redacted():
    from dicfix.pytest_plugin.redaction import _RESULT_TYPES

    types = {value for value in vars(model2).values() if hasattr(value, "__attrs_attrs__")}
    assert {cls.__name__ for cls in types if not issubclass(cls, _RESULT_TYPES)} == set()


def test_allure_pytest_computes_history_from_name_and_parameters():
    one = allure_utils.get_history_id("x", [model2.Parameter("n", "1")], original_values={})
    two = allure_utils.get_history_id("x", [model2.Parameter("n", "2")], original_values={})
    assert one != two
    place = allure_utils.ParsedPytestNodeId("features/01.feature::test_x[a-b]")
    assert (place.package, place.test_function) == ("features.01", "test_x")


def test_pytest_modules_collect_through_getobj():
    assert "_getobj" in vars(pytest.Module)
