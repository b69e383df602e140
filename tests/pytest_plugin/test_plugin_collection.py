"""Feature files are test files."""

from __future__ import annotations

import pytest

LIT = """
    @SSL-1
    Feature: Lamp
      Rule: A lamp gives light
        @AWS-4.1 @severity:critical @edition:2023-08 @performs
        Scenario: A lamp is lit
          Given a lamp named L1
          When it is switched on
          Then it is lit

        Scenario Outline: The lamp <name> is lit
          Given a lamp named <name>
          When it is switched on
          Then it is lit

          Examples:
            | name |
            | A    |
            | B    |
"""
DARK = """
    @AWS-5.1
    Feature: Another lamp

      Scenario: A dark lamp is found dark
        Given a lamp named L2
        Then it is lit
"""


@pytest.fixture
def two_features(project):
    project.feature("01_lamp", LIT)
    project.feature("02_dark", DARK)
    return project


def collected(run):
    return [line for line in run.out.splitlines() if "::" in line]


def test_every_feature_below_rootdir_is_collected_in_file_order(two_features):
    run = two_features.run("--collect-only", "-q")
    assert collected(run) == [
        "features/01_lamp.feature::test_a_lamp_is_lit",
        "features/01_lamp.feature::test_the_lamp_name_is_lit[A]",
        "features/01_lamp.feature::test_the_lamp_name_is_lit[B]",
        "features/02_dark.feature::test_a_dark_lamp_is_found_dark",
    ]


@pytest.mark.parametrize(
    ("arguments", "counts"),
    [
        ((), {"passed": 3, "failed": 1}),
        (("features",), {"passed": 3, "failed": 1}),
        (("features/01_lamp.feature",), {"passed": 3}),
        (("features/01_lamp.feature::test_a_lamp_is_lit",), {"passed": 1}),
        (("features/01_lamp.feature::test_the_lamp_name_is_lit[B]",), {"passed": 1}),
        (("-n", "2"), {"passed": 3, "failed": 1}),
        (("-n", "2", "--dist", "loadfile"), {"passed": 3, "failed": 1}),
        (("-k", "dark"), {"failed": 1, "deselected": 3}),
        (("-m", "AWS-4.1"), {"passed": 1, "deselected": 3}),
        (("-m", "SSL-1"), {"passed": 3, "deselected": 1}),
        (("-m", "severity(value='critical') and performs"), {"passed": 1, "deselected": 3}),
        (("-m", "edition(value='2023-08')"), {"passed": 1, "deselected": 3}),
    ],
)
def test_scenarios_are_selected_as_tests_are(two_features, arguments, counts):
    assert two_features.run(*arguments).counts() == counts


def test_last_failed_runs_the_failed_scenario_alone(two_features):
    two_features.run("--cache")
    run = two_features.run("--lf", "-v")
    assert run.counts() == {"failed": 1}
    assert "02_dark.feature::test_a_dark_lamp_is_found_dark FAILED" in run.out


def test_the_place_of_a_scenario_is_its_line_in_the_feature_file(two_features):
    two_features.write(
        "place_plugin.py",
        """
        def pytest_itemcollected(item):
            print("PLACE", item.name, *item.location[:2])
        """,
    )
    run = two_features.run("--collect-only", "-q", "-s", "-p", "place_plugin")
    assert "PLACE test_a_lamp_is_lit features/01_lamp.feature 5" in run.out
    assert "PLACE test_a_dark_lamp_is_found_dark features/02_dark.feature 4" in run.out


def test_what_is_known_of_a_scenario(two_features):
    two_features.write(
        "know_plugin.py",
        """
        from dicfix.pytest_plugin.feature_files import scenario_at, scenario_of

        def pytest_collection_modifyitems(config, items):
            for item in items:
                info = scenario_of(item)
                assert scenario_at(config.rootpath, item.nodeid) == info
                print("KNOWN", info.name, "|", info.rule, "|", info.clauses, info.severity, info.line, info.parameters)
            assert scenario_at(config.rootpath, "features/01_lamp.feature::test_none") is None
            assert scenario_at(config.rootpath, "tests/test_x.py::test_a_lamp_is_lit") is None
        """,
    )
    run = two_features.run("--collect-only", "-q", "-s", "-p", "know_plugin")
    assert "KNOWN A lamp is lit | A lamp gives light | ('SSL-1', 'AWS-4.1') critical 6 ()" in run.out
    assert "KNOWN The lamp B is lit | A lamp gives light | ('SSL-1',)  11 (('name', 'B'),)" in run.out


def test_the_closest_severity_wins(project):
    project.feature(
        "01",
        """
        @severity:minor @SSL-1
        Feature: F
          @severity:blocker
          Rule: R
            Scenario: one
              Given a lamp named A
              When it is switched on
              Then it is lit
            @severity:normal
            Scenario: two
              Given a lamp named A
              When it is switched on
              Then it is lit
          Rule: S
            Scenario: three
              Given a lamp named A
              When it is switched on
              Then it is lit
        """,
    )
    project.write(
        "know_plugin.py",
        """
        from dicfix.pytest_plugin.feature_files import scenario_of

        def pytest_itemcollected(item):
            print("SEVERITY", item.name, scenario_of(item).severity)
        """,
    )
    out = project.run("--collect-only", "-q", "-s", "-p", "know_plugin").out
    for name, severity in (("one", "blocker"), ("two", "normal"), ("three", "minor")):
        assert f"SEVERITY test_{name} {severity}" in out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Feature: A\n  Scenario: x\n    Given a lamp named A\n  Feature: B\n", "features/00_bad.feature:4: Multiple"),
        ("Feature: A\n  Scenario: x\n    And a lamp named A\n", "features/00_bad.feature:3: First step"),
        ("# nothing\n", "features/00_bad.feature:1: the file holds no Feature."),
        ("", "features/00_bad.feature:1: the file holds no Feature."),
        ("@SSL-1\nFeature: A\n", "features/00_bad.feature:2: the feature has no scenarios."),
    ],
)
def test_a_file_that_is_not_gherkin_gives_file_and_line_and_stops_only_itself(two_features, text, message):
    two_features.feature("00_bad", text)
    run = two_features.run("--continue-on-collection-errors", "features/00_bad.feature", "features/01_lamp.feature")
    assert run.counts() == {"passed": 3, "error": 1}
    assert message in run.out
    assert "Traceback" not in run.out
    assert "site-packages" not in run.out


def test_a_file_that_is_not_utf8_gives_its_name(two_features):
    (two_features.path / "features" / "00_bad.feature").write_bytes(b"Feature: caf\xe9\n")
    run = two_features.run("features/00_bad.feature")
    assert "features/00_bad.feature:1: the file is not UTF-8" in run.out
    assert "Traceback" not in run.out


def test_a_module_scoped_fixture_lives_for_one_feature(two_features):
    two_features.write(
        "conftest.py",
        """
        import pytest
        pytest_plugins = ["plugin_under_test", "lamp_steps"]

        @pytest.fixture(scope="module", autouse=True)
        def per_feature(request):
            print("FEATURE STARTS", request.node.path.name)
        """,
    )
    out = two_features.run("-s").out
    assert out.count("FEATURE STARTS 01_lamp.feature") == 1
    assert out.count("FEATURE STARTS 02_dark.feature") == 1


def test_collect_only_with_detail_prints_no_absolute_path(two_features):
    out = two_features.run("--collect-only", "-v").out
    body = out[out.index("collected") :]
    assert str(two_features.path / "features" / "01_lamp.feature") not in body
    assert "Lamp: A lamp is lit" in body


def test_ordinary_tests_stay_ordinary(two_features):
    two_features.write(
        "test_plain.py",
        """
        from dicfix.pytest_plugin.feature_files import scenario_of

        def test_plain(request):
            assert scenario_of(request.node) is None
        """,
    )
    assert two_features.run("test_plain.py").counts() == {"passed": 1}
