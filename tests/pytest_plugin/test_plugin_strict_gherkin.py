"""What pytest-bdd would let pass in silence is an error at collection, with file and line."""

from __future__ import annotations

from textwrap import dedent

import pytest

STEPS = """
    from pytest_bdd import given, parsers, then, when

    @given("a lamp")
    @given("a light")
    def a_lamp():
        pass

    @given(parsers.parse("a lamp of {watts:d} W"))
    def a_lamp_of():
        pass

    @when("it is switched on")
    def switch_on():
        pass

    @when("it waits")
    async def wait():
        pass

    @when(parsers.parse("it is {something}"))
    def greedy(something):
        pass

    @then("it is lit")
    def lit():
        pass

    @then("all is told")
    def told():
        pass

    @then("nobody needs this")
    def unused():
        pass
"""

CASES = {
    "duplicate_name": (
        """
        @SSL-1
        Feature: F
          Scenario: one
            Given a lamp
            Then it is lit
          Rule: R
            Scenario: one
              Given a lamp
              Then it is lit
        """,
        ["8: 'one' has the name of the scenario in line 4."],
    ),
    "duplicate_test_id": (
        """
        @SSL-1
        Feature: F
          Scenario: The CA's key
            Then it is lit
          Scenario: The CAs key
            Then it is lit
        """,
        ["6: 'The CAs key' has the test id test_the_cas_key of the scenario in line 4."],
    ),
    "no_letters": (
        """
        @SSL-1
        Feature: F
          Scenario: ...
            Then it is lit
        """,
        ["4: the name '...' has no letters to make a test id of."],
    ),
    "no_steps": (
        """
        @SSL-1
        Feature: F
          Background:
            Given a lamp
          Scenario: empty
        """,
        ["6: 'empty' has no steps."],
    ),
    "async_step": (
        """
        @SSL-1
        Feature: F
          Scenario: waits
            When it waits
            Then it is lit
        """,
        ["5: the definition of When 'it waits' is async and would never be awaited: lamp_steps.py:17."],
    ),
    "undefined": (
        """
        @SSL-1
        Feature: F
          Scenario Outline: of <watts> W
            Given a lamp of <watts> W
            Then it is lit
            Examples:
              | watts |
              | 5     |
              | bright |
              | dim   |
        """,
        [
            "5: no step definition for Given 'a lamp of bright W'.",
            "5: no step definition for Given 'a lamp of dim W'.",
        ],
    ),
    "ambiguous": (
        """
        @SSL-1
        Feature: F
          Scenario: two
            When it is switched on
            Then it is lit
        """,
        ["5: 2 step definitions match When 'it is switched on': lamp_steps.py:13, lamp_steps.py:21."],
    ),
    "unused_column": (
        """
        @SSL-1
        Feature: F
          Scenario Outline: of <watts> W
            Given a lamp of <watts> W
            Then it is lit
            Examples:
              | watts | colour |
              | 5     | red    |
        """,
        ["7: the column 'colour' is used by no step."],
    ),
    "undefined_parameter": (
        """
        @SSL-1
        Feature: F
          Scenario Outline: of <watts> W
            Given a lamp of <watts> W
            Then all is told
              | <colour> |
            Examples:
              | watts |
              | 5     |
          Scenario: <plain>
            Then it is lit
        """,
        [
            "4: <colour> is no column of the Examples of 'of <watts> W'.",
            "11: <plain> is no column of the Examples of '<plain>'.",
        ],
    ),
    "duplicate_rows": (
        """
        @SSL-1
        Feature: F
          Scenario Outline: of <watts> W
            Given a lamp of <watts> W
            Then it is lit
            Examples:
              | watts |
              | 5     |
              | 6     |
              | 5     |
        """,
        ["11: the row has the values of the row in line 9."],
    ),
    "outline_without_rows": (
        """
        @SSL-1
        Feature: F
          Scenario Outline: none at all
            Then it is lit
          Scenario Outline: only a head <watts>
            Then it is lit
            Examples:
              | watts |
        """,
        ["4: the outline 'none at all' has no Examples.", "8: Examples without a row."],
    ),
    "other_columns": (
        """
        @SSL-1
        Feature: F
          Scenario Outline: of <watts> W
            Given a lamp of <watts> W
            Then it is lit
            Examples:
              | watts |
              | 5     |
            Examples:
              | volts |
              | 6     |
        """,
        ["10: Examples with other columns than the first of the outline."],
    ),
    "no_then": (
        """
        @SSL-1
        Feature: F
          Background:
            Then it is lit
          Scenario: proves nothing
            Given a lamp
        """,
        ["6: 'proves nothing' has no Then: it would prove nothing."],
    ),
    "too_long": (
        """
        @SSL-1
        Feature: F
          Scenario: long
            Given a lamp
            And a lamp
            And a lamp
            And a lamp
            And a lamp
            And a lamp
            And a lamp
            And a lamp
            And a lamp
            Then it is lit
        """,
        ["4: 'long' has 10 steps; 9 at most."],
    ),
    "given_after_then": (
        """
        @SSL-1
        Feature: F
          Scenario: backwards
            Then it is lit
            Given a lamp
        """,
        ["6: Given 'a lamp' stands after a Then."],
    ),
    "tags": (
        """
        @nonsense
        Feature: F
          @topic:x
          Rule: R
            @severity:awful @AWS-99 @SSL-1
            Scenario: tagged
              Then it is lit
            @SSL-2
            Scenario Outline: of <watts> W
              Given a lamp of <watts> W
              Then it is lit
              @SSL-1
              Examples:
                | watts |
                | 5     |
        """,
        [
            "2: unknown tag @nonsense; known: ",
            "4: unknown tag @topic:x; keys are: edition, owner, severity.",
            "6: @AWS-99 is no clause of the guide.",
            "6: unknown severity @severity:awful; one of: blocker, critical, normal, minor, trivial.",
            "13: @SSL-1 on Examples must be a plain registered mark; move it to the scenario.",
        ],
    ),
    "no_clause": (
        """
        Feature: F
          Scenario: stray
            Then it is lit
          @beyond-guide
          Scenario: beyond
            Then it is lit
        """,
        ["3: 'stray' has no clause tag; name its clause (@AWS-4.1) or tag it @beyond-guide."],
    ),
}

GOOD = """
    @SSL-1
    Feature: F
      Background:
        Given a light
      @severity:critical
      Scenario: several Whens and brackets in a docstring
        When it is idle
        Then it is lit
        When it is idle
        Then all is told
          \"\"\"
          <not a parameter>
          \"\"\"
      @skip @performs
      Scenario Outline: of <watts> W
        Given a lamp of <watts> W
        * a lamp
        Then it is lit
        @skip
        Examples: small
          | watts |
          | 5     |
        Examples: large
          | watts |
          | 60    |
"""


@pytest.fixture(scope="module")
def lint(make_project):
    """One run over all the bad files and the good one."""
    project = make_project()
    project.machinery('known_clauses=frozenset({"SSL-1", "SSL-2"})')
    project.steps(STEPS)
    for name, (text, _) in CASES.items():
        project.feature(name, dedent(text))
    project.feature("good", dedent(GOOD))
    project.write(
        "unused_plugin.py",
        """
        from dicfix.pytest_plugin.written_features import unused_step_definitions

        def pytest_collection_finish(session):
            files = [session.config.rootpath / "features" / "good.feature"]
            print("UNUSED", unused_step_definitions(session, files))
        """,
    )
    return project.run("-s", "-p", "unused_plugin", "--continue-on-collection-errors")


@pytest.mark.parametrize("name", CASES)
def test_each_problem_is_named_with_file_and_line_and_nothing_else_is(lint, name):
    wanted = [f"features/{name}.feature:{text}" for text in CASES[name][1]]
    told = [
        line
        for line in lint.out.splitlines()
        if line.startswith((f"features/{name}.feature:", f"E   features/{name}."))
    ]
    told = [line.removeprefix("E   ") for line in told]
    assert len(told) == len(wanted), told
    for want, line in zip(wanted, told, strict=True):
        assert line.startswith(want)


def test_a_good_file_has_no_problem_and_runs(lint):
    assert "good.feature:" not in lint.out
    assert lint.counts() == {"passed": 1, "skipped": 2, "error": len(CASES)}


def test_problems_are_told_without_a_traceback(lint):
    assert "Traceback" not in lint.out
    assert "site-packages" not in lint.out


def test_step_definitions_that_no_step_uses_are_listed_with_their_place(lint):
    line = next(line for line in lint.out.splitlines() if line.startswith("UNUSED"))
    assert line == (
        "UNUSED ['it is switched on (lamp_steps.py:13)', 'it waits (lamp_steps.py:17)', "
        "'nobody needs this (lamp_steps.py:33)']"
    )


def test_a_broken_file_stops_a_plain_run_and_names_itself_once_under_xdist(project):
    project.feature("a", "@SSL-1\nFeature: F\n  Scenario: x\n    Given a lamp named L\n")
    project.feature("b", "@SSL-1\nFeature: F\n  Scenario: y\n    Given a lamp named L\n    Then it is lit\n")
    message = "features/a.feature:3: 'x' has no Then: it would prove nothing."
    serial, workers = project.run(), project.run("-n", "2")
    assert serial.code == 2
    assert workers.counts()["error"] == 1
    assert message in serial.out
    assert message in workers.out
