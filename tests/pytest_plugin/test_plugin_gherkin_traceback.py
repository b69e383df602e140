"""A failing scenario is shown as it was written, without pytest-bdd's insides."""

from __future__ import annotations

import pytest

FEATURE = """
    @SSL-1
    Feature: Lamp
      Background:
        Given a lamp named B
      Scenario: drops
        When it is switched on
        And it is dropped
        Then it is lit
      Scenario: passes
        When it is switched on
        Then it is lit
      Scenario Outline: <name> is dark
        Given a lamp named <name>
        Then it is lit
        Examples:
          | name |
          | one  |
"""


@pytest.fixture
def output(project):
    project.feature("01", FEATURE)
    return project.run().out


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["serial", "two-workers"])
def test_a_failure_shows_each_step_with_its_outcome_and_place(project, arguments):
    project.feature("01_lamp", FEATURE)
    out = project.run(*arguments).out
    assert (
        "Scenario: drops\n"
        "  features/01_lamp.feature:5  ok    Given a lamp named B\n"
        "  features/01_lamp.feature:7  ok    When it is switched on\n"
        "  features/01_lamp.feature:8  FAIL  And it is dropped\n"
        "  features/01_lamp.feature:9  -     Then it is lit\n"
    ) in out
    assert (
        "Scenario: one is dark\n"
        "  features/01_lamp.feature:5   ok    Given a lamp named B\n"
        "  features/01_lamp.feature:14  ok    Given a lamp named one\n"
        "  features/01_lamp.feature:15  FAIL  Then it is lit\n"
    ) in out
    assert out.count(" Gherkin -") == 2


def test_the_traceback_begins_at_the_step(output):
    assert "site-packages" not in output
    assert "call_fixture_func" not in output
    assert "lamp_steps.py:15: in drop\n    raise RuntimeError" in output


def test_a_failing_setup_shows_that_no_step_was_reached(project):
    project.feature("01", FEATURE)
    project.write(
        "conftest.py",
        """
        import pytest
        pytest_plugins = ["plugin_under_test", "lamp_steps"]

        @pytest.fixture(autouse=True)
        def broken():
            raise OSError("no house")
        """,
    )
    out = project.run("-k", "passes").out
    assert "  features/01.feature:11  -     When it is switched on\n" in out
    assert "OSError: no house" in out


def test_an_ordinary_failing_test_has_no_gherkin_section(project):
    project.write("test_plain.py", "def test_plain():\n    assert False\n")
    assert "Gherkin" not in project.run("test_plain.py").out
