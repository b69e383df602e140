"""Allure results say what happened, step by step, and lose nothing."""

from __future__ import annotations

import json

import pytest

STEPS = """
    import os
    import pytest
    from dicfix.pytest_plugin.allure_steps import Evidence
    from pytest_bdd import given, parsers, then, when

    @given(parsers.parse("a lamp named {name}"), target_fixture="lamp")
    def a_lamp(name):
        return {"name": name, "on": False}

    @pytest.fixture
    def no_power():
        raise OSError("no power")

    @pytest.fixture
    def measured():
        yield
        raise OSError("the meter broke")

    @when("it is switched on")
    def switch_on(lamp):
        lamp["on"] = True

    @when("it is dropped")
    def drop(lamp):
        raise RuntimeError("the lamp broke")

    @when("the power is out")
    def out():
        pytest.skip("no power today")

    @when("it is plugged in")
    def plug(no_power):
        pass

    @when("it is measured")
    def measure(measured):
        pass

    @when("the house burns down")
    def burn():
        os._exit(3)

    @when("the evidence is kept")
    def keep(request):
        evidence = Evidence(request.config)
        evidence.attach_text("note", "a note")
        evidence.attach_json("lamp", {"on": True})

    @then("it is lit")
    def it_is_lit(lamp):
        assert lamp["on"], "the lamp is dark"

    @then("the list is")
    def listed(datatable):
        assert datatable

    @then("the text is")
    def text(docstring):
        assert docstring
"""

FEATURE = """
    @SSL-1 @edition:2023-08
    Feature: Lamp
      Background:
        Given a lamp named B

      Scenario: brings evidence
        When the evidence is kept
        Then the list is
          | a | b |
          | 1 | 2 |
        And the text is
          \"\"\"
          a text
          \"\"\"

      Scenario Outline: is named <name>
        Given a lamp named <name>
        When it is switched on
        Then it is lit

        Examples:
          | name |
          | one  |
          | two  |

      Rule: Step 4 - A lamp gives light
        @AWS-4.1 @severity:critical
        Scenario: passes
          What it is about.

          When it is switched on
          Then it is lit

        Scenario: fails
          Then it is lit
          And it is lit

        Scenario: is broken
          When it is dropped
          Then it is lit

        Scenario: skips itself
          When the power is out
          Then it is lit

        @skip
        Scenario: never begins
          When it is switched on
          Then it is lit

        Scenario: has no fixture
          When it is plugged in
          Then it is lit

        Scenario: breaks at the end
          When it is switched on
          And it is measured
          Then it is lit
"""

MACHINERY = """
    epic="DIC guide 2023-08",
    describe_clause=lambda clause_id: f"says {clause_id}." if clause_id == "AWS-4.1" else "",
    clause_url=lambda clause_id: f"https://guide.example/{clause_id}" if clause_id == "AWS-4.1" else "",
    environment=lambda: {"AWS account": "1234 = mine", "Prüfer": "Ana\\nB"},
    executor=lambda: {"buildName": "nightly 7"},
"""


@pytest.fixture
def lamp_project(project):
    return filled(project)


def filled(project):
    project.steps(STEPS)
    project.machinery(MACHINERY)
    project.feature("01_lamp", FEATURE)
    return project


def steps_of(result):
    return [(step["name"], step["status"]) for step in result["steps"]]


def labels_of(result, name):
    return sorted(label["value"] for label in result["labels"] if label["name"] == name)


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["serial", "two-workers"])
def test_every_scenario_has_a_result_with_its_steps_whatever_happened(lamp_project, arguments):
    lamp_project.run_allure(*arguments)
    results = lamp_project.results()
    background = ("Given a lamp named B", "passed")
    expected = {
        "passes": ("passed", [background, ("When it is switched on", "passed"), ("Then it is lit", "passed")]),
        "fails": ("failed", [background, ("Then it is lit", "failed"), ("And it is lit", "skipped")]),
        "is broken": ("broken", [background, ("When it is dropped", "broken"), ("Then it is lit", "skipped")]),
        "skips itself": ("skipped", [background, ("When the power is out", "skipped"), ("Then it is lit", "skipped")]),
        "never begins": (
            "skipped",
            [("Given a lamp named B", "skipped"), ("When it is switched on", "skipped"), ("Then it is lit", "skipped")],
        ),
        "has no fixture": ("broken", [background, ("When it is plugged in", "broken"), ("Then it is lit", "skipped")]),
        "breaks at the end": (
            "broken",
            [
                background,
                ("When it is switched on", "passed"),
                ("And it is measured", "passed"),
                ("Then it is lit", "passed"),
            ],
        ),
    }
    for name, (status, steps) in expected.items():
        assert (results[name]["status"], steps_of(results[name])) == (status, steps), name
    assert len(results) == 10


@pytest.fixture(scope="module")
def finished(make_project):
    """The results of one run, for the tests that only read."""
    project = filled(make_project())
    project.run_allure()
    return project


def test_messages_name_the_error_of_the_step(finished):
    results = finished.results()
    assert results["fails"]["steps"][1]["statusDetails"]["message"].startswith("AssertionError: the lamp is dark")
    assert results["skips itself"]["statusDetails"]["message"] == "Skipped: no power today"
    assert results["has no fixture"]["steps"][1]["statusDetails"]["message"] == "OSError: no power"


def test_steps_have_times_within_their_scenario(finished):
    result = finished.results()["passes"]
    for step in result["steps"]:
        assert result["start"] <= step["start"] <= step["stop"] <= result["stop"]


def test_labels_say_where_the_scenario_stands(finished):
    result = finished.results()["passes"]
    assert labels_of(result, "epic") == ["DIC guide 2023-08"]
    assert labels_of(result, "feature") == ["Lamp"]
    assert labels_of(result, "story") == ["Step 4 - A lamp gives light"]
    assert labels_of(result, "severity") == ["critical"]
    assert labels_of(result, "clause") == ["AWS-4.1", "SSL-1"]
    assert labels_of(result, "edition") == ["2023-08"]
    assert labels_of(result, "tag") == ["AWS-4.1", "SSL-1"]
    assert labels_of(finished.results()["brings evidence"], "story") == []


def test_the_description_tells_the_clause_and_the_link_leads_to_it(finished):
    result = finished.results()["passes"]
    assert result["description"] == "What it is about.\n\n**AWS-4.1** says AWS-4.1.\n\n`features/01_lamp.feature:29`"
    assert result["links"] == [{"type": "guide", "url": "https://guide.example/AWS-4.1", "name": "AWS-4.1"}]


def test_rows_of_an_outline_are_parameters_of_one_test_case(finished):
    one, two = (finished.results()[f"is named {name}"] for name in ("one", "two"))
    assert one["parameters"] == [{"name": "name", "value": "one"}]
    assert one["testCaseId"] == two["testCaseId"]
    assert one["historyId"] != two["historyId"]


def test_docstring_table_and_evidence_are_attached_to_their_steps(finished):
    steps = finished.results()["brings evidence"]["steps"]
    names = [[attachment["name"] for attachment in step.get("attachments", [])] for step in steps]
    assert names == [[], ["note", "lamp"], ["table"], ["docstring"]]
    content = [finished.attachment(a["source"]) for step in steps for a in step.get("attachments", [])]
    assert content == ["a note", '{\n  "on": true\n}', "a\tb\n1\t2", "a text"]


def test_step_arguments_and_absolute_paths_are_nowhere(finished):
    for path in finished.results_dir.iterdir():
        text = path.read_text()
        assert "_pytest_bdd_example" not in text
        assert str(finished.path) not in text, path.name


def test_containers_tell_only_of_real_fixtures(finished):
    containers = [json.loads(path.read_text()) for path in finished.results_dir.glob("*-container.json")]
    names = {fixture["name"] for container in containers for fixture in container.get("befores", [])}
    assert names == {"measured"}
    assert all(container["children"] for container in containers)


def test_the_files_beside_the_results_are_written_once_by_the_controller(finished):
    properties = (finished.results_dir / "environment.properties").read_text()
    assert properties == "AWS\\ account=1234 = mine\nPr\\u00fcfer=Ana\\nB\n"
    executor = json.loads((finished.results_dir / "executor.json").read_text())
    assert executor == {"name": "pytest", "type": "dicfix", "buildName": "nightly 7"}
    categories = json.loads((finished.results_dir / "categories.json").read_text())
    assert [category["name"] for category in categories][-2:] == ["Could not be judged", "Not run"]


@pytest.mark.parametrize(
    ("option", "count"),
    [
        ("--allure-severities=critical", 1),
        ("--allure-label=clause=AWS-4.1", 1),
        ("--allure-epics=DIC guide 2023-08", 10),
        ("--allure-stories=Step 4 - A lamp gives light", 7),
    ],
)
def test_allures_selection_options_see_the_labels(lamp_project, option, count):
    run = lamp_project.run("--collect-only", "-q", option)
    assert len([line for line in run.out.splitlines() if "::" in line]) == count


def test_without_alluredir_nothing_is_written(lamp_project):
    lamp_project.run()
    assert not lamp_project.results_dir.exists()


def test_without_allure_pytest_scenarios_run_all_the_same(lamp_project):
    run = lamp_project.run("-p", "no:allure_pytest", "-k", "passes or evidence")
    assert run.counts() == {"passed": 2, "deselected": 8}


CRASH = """
    @SSL-1 @severity:blocker
    Feature: House
      Scenario Outline: burns <how>
        When the house burns down
        Then the text is
          \"\"\"
          <how>
          \"\"\"
        Examples:
          | how  |
          | fast |
      Scenario: stands one
        Given a lamp named L
        When it is switched on
        Then it is lit
      Scenario: stands two
        Given a lamp named L
        When it is switched on
        Then it is lit
      Scenario: stands three
        Given a lamp named L
        When it is switched on
        Then it is lit
"""


def test_a_crashed_worker_leaves_a_broken_result_and_loses_none(lamp_project):
    lamp_project.feature("01_lamp", CRASH)
    old = lamp_project.write("reports/allure-results/old-result.json", '{"name": "old"}')
    lamp_project.run_allure("-n", "2", "--clean-alluredir")
    assert not old.exists()
    results = lamp_project.results()
    assert {name: result["status"] for name, result in results.items()} == {
        "burns fast": "broken",
        "stands one": "passed",
        "stands two": "passed",
        "stands three": "passed",
    }
    burnt = results["burns fast"]
    assert "crashed while running" in burnt["statusDetails"]["message"]
    assert burnt["parameters"] == [{"name": "how", "value": "fast"}]
    assert labels_of(burnt, "clause") == ["SSL-1"]
    assert labels_of(burnt, "severity") == ["blocker"]
    assert burnt["fullName"] == "features.01_lamp#test_burns_how"
    manifest = json.loads((lamp_project.path / "reports" / "run.json").read_text())
    assert manifest["crashes"][0]["while_running"] == "features/01_lamp.feature::test_burns_how[fast]"
    assert manifest["reported"]["features/01_lamp.feature::test_burns_how[fast]"] == "crashed"
    assert manifest["missing"] == []


@pytest.mark.parametrize("arguments", [("--continue-on-collection-errors",), ("-n", "2")], ids=["serial", "workers"])
def test_a_file_that_does_not_load_is_one_broken_result_and_a_global_error(lamp_project, arguments):
    lamp_project.feature("00_bad", "@SSL-1\nFeature: F\n  Scenario: x\n    Given a lamp named L\n")
    lamp_project.run_allure(*arguments, "-k", "passes")
    results = lamp_project.results()
    assert set(results) == {"passes", "features/00_bad.feature could not be collected"}
    bad = results["features/00_bad.feature could not be collected"]
    assert bad["status"] == "broken"
    assert "features/00_bad.feature:3: 'x' has no Then" in bad["statusDetails"]["message"]
    (errors,) = [json.loads(path.read_text()) for path in lamp_project.results_dir.glob("*-globals.json")]
    assert "has no Then" in errors["errors"][0]["message"]


def test_results_go_below_rootdir_from_any_folder(lamp_project):
    arguments = ("--rootdir=..", "-c", "../pytest.ini", "--junitxml=reports/junit.xml", "-k", "passes")
    lamp_project.run_allure(*arguments, cwd=lamp_project.path / "features")
    assert set(lamp_project.results()) == {"passes"}
    assert (lamp_project.path / "reports" / "junit.xml").is_file()
    assert not (lamp_project.path / "features" / "reports").exists()


def test_a_strict_xpass_tells_its_reason(lamp_project):
    lamp_project.write(
        "conftest.py",
        """
        import pytest
        pytest_plugins = ["plugin_under_test", "lamp_steps"]

        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.xfail(reason="W-003 known", strict=True))
        """,
    )
    lamp_project.run_allure("-k", "passes or fails")
    results = lamp_project.results()
    assert results["passes"]["status"] == "failed"
    assert "W-003 known" in results["passes"]["statusDetails"]["message"]
    assert results["fails"]["status"] == "skipped"
    assert results["fails"]["statusDetails"]["message"].startswith("XFAIL W-003 known")
