"""The manifest says what was to run, what ran, and with what."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime

import pytest

FEATURE = """
    @SSL-1
    Feature: Lamp
      Scenario: passes
        Given a lamp named A
        When it is switched on
        Then it is lit
      Scenario: fails
        Given a lamp named A
        Then it is lit
      @skip
      Scenario: is skipped
        Then it is lit
      @performs
      Scenario: is dropped
        Given a lamp named A
        When it is dropped
        Then it is lit
"""

IDS = [f"features/01.feature::test_{name}" for name in ("passes", "fails", "is_skipped", "is_dropped")]
PASSES, FAILS, SKIPPED, DROPPED = IDS


@pytest.fixture
def lamp_project(project):
    project.feature("01", FEATURE)
    return project


def manifest_of(project):
    return json.loads((project.path / "reports" / "run.json").read_text())


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["serial", "two-workers"])
def test_planned_executed_and_reported_add_up(lamp_project, arguments):
    run = lamp_project.run(*arguments, "-k", "not dropped")
    manifest = manifest_of(lamp_project)
    assert manifest["collected"] == [PASSES, FAILS, SKIPPED]
    assert manifest["deselected"] == [DROPPED]
    assert sorted(manifest["executed"]) == sorted([PASSES, FAILS])
    assert manifest["reported"] == {PASSES: "passed", FAILS: "failed", SKIPPED: "skipped"}
    assert manifest["missing"] == []
    assert manifest["exit_code"] == run.code == 1
    assert manifest["workers"] == (2 if arguments else 0)


def test_a_run_that_stopped_early_says_what_is_missing(lamp_project):
    lamp_project.run("-x")
    manifest = manifest_of(lamp_project)
    assert manifest["collected"] == IDS
    assert manifest["missing"] == [SKIPPED, DROPPED]
    assert manifest["exit_code"] == 1


def test_setup_and_teardown_errors_and_expected_failures_have_words_of_their_own(lamp_project):
    lamp_project.write(
        "conftest.py",
        """
        import pytest
        pytest_plugins = ["plugin_under_test", "lamp_steps"]

        def pytest_collection_modifyitems(items):
            for item in items:
                if item.name in ("test_fails", "test_is_dropped"):
                    item.add_marker(pytest.mark.xfail(reason="known"))

        @pytest.fixture(autouse=True)
        def at_the_end(request):
            yield
            assert request.node.name != "test_passes"
        """,
    )
    lamp_project.run()
    assert manifest_of(lamp_project)["reported"] == {
        PASSES: "error",
        FAILS: "xfailed",
        SKIPPED: "skipped",
        DROPPED: "xfailed",
    }


def test_files_that_did_not_load_are_listed(lamp_project):
    lamp_project.feature("02", "Feature: F\n")
    lamp_project.run()
    manifest = manifest_of(lamp_project)
    assert [error["id"] for error in manifest["collection_errors"]] == ["features/02.feature"]
    assert "the feature has no scenarios" in manifest["collection_errors"][0]["message"]
    assert manifest["missing"] == manifest["collected"]


def test_tools_time_and_command_are_told(lamp_project):
    lamp_project.machinery('run_fields=lambda: {"edition": "2023-08"}')
    lamp_project.run("-k", "passes")
    manifest = manifest_of(lamp_project)
    assert {"python", "openssl", "pytest", "pytest-bdd", "boto3", "moto", "cryptography", "paho-mqtt"} <= set(
        manifest["versions"]
    )
    assert manifest["plugins"]["pytest-bdd"] == manifest["versions"]["pytest-bdd"]
    assert manifest["command"][0] == "pytest"
    assert manifest["command"][-2:] == ["-k", "passes"]
    assert datetime.fromisoformat(manifest["started"]) <= datetime.fromisoformat(manifest["stopped"])
    assert manifest["run"] == {"edition": "2023-08"}
    assert manifest["git"] is None
    assert manifest["format"] == 1


def test_revision_and_changes_are_told(lamp_project):
    def git(*arguments):
        identity = ["-c", "user.name=q", "-c", "user.email=q@example.org"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=lamp_project.path, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    lamp_project.write(".gitignore", "__pycache__\nreports\n")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "all")
    lamp_project.run("-k", "passes")
    assert manifest_of(lamp_project)["git"] == {"revision": git("rev-parse", "HEAD"), "dirty": False}
    lamp_project.feature("02", FEATURE)
    lamp_project.run("-k", "passes")
    assert manifest_of(lamp_project)["git"]["dirty"] is True


def test_runs_that_concern_no_feature_and_mere_collection_write_none(lamp_project):
    lamp_project.write("test_plain.py", "def test_plain():\n    pass\n")
    lamp_project.run("test_plain.py")
    lamp_project.run("--collect-only")
    assert not (lamp_project.path / "reports").exists()


def test_the_folder_of_reports_can_be_named(lamp_project):
    lamp_project.machinery('reports_dir=__import__("pathlib").Path(__file__).parent / "elsewhere"')
    lamp_project.run("-k", "passes")
    assert (lamp_project.path / "elsewhere" / "run.json").is_file()
