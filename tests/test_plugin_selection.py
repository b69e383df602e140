"""Which scenarios a run takes, and which it skips with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicfix.guide import clauses_of
from dicfix.pytest_plugin.feature_files import ScenarioInfo
from dicfix.pytest_plugin.selection import belongs, not_applicable
from dicfix.settings import settings_from


def info(*tags: str, clauses: tuple[str, ...] = ("AWS-4.1",)) -> ScenarioInfo:
    return ScenarioInfo(Path("x.feature"), 1, "F", "", "S", "", frozenset((*tags, *clauses)), clauses, "", ())


def test_a_scenario_belongs_to_the_editions_of_all_its_clauses():
    assert belongs(info(clauses=("SSL-V1",)), "2024-04")
    assert not belongs(info(clauses=("SSL-V1",)), "2023-08")
    assert not belongs(info(clauses=("AWS-4.1", "SSL-V1")), "2023-08")


def test_a_named_edition_narrows_and_never_widens():
    assert belongs(info("edition:2024-04"), "2024-04")
    assert not belongs(info("edition:2024-04"), "2023-08")
    assert belongs(info("edition:2023-08", "edition:2024-04"), "2023-08")
    assert not belongs(info("edition:2023-08", clauses=("SSL-V1",)), "2023-08")


@pytest.mark.parametrize("edition", ["2023-06", "2023-08", "2024-04"])
def test_every_clause_of_an_edition_belongs_to_it(edition):
    assert all(belongs(info(clauses=(clause.id,)), edition) for clause in clauses_of(edition))


AWS = {"target": "aws", "account": "123456789012"}


@pytest.mark.parametrize(
    ("given", "tags", "clauses", "told"),
    [
        ({}, ("onboard-only", "offline-only"), ("E2E-2",), ""),
        ({"mode": "audit"}, ("onboard-only",), ("AWS-4.1",), "an audit performs nothing"),
        ({"mode": "audit"}, (), ("AWS-4.1",), ""),
        (AWS, ("offline-only",), ("AWS-4.1",), "only the embedded cloud"),
        (AWS, ("onboard-only",), ("E2E-1",), ""),
        (AWS, (), ("E2E-2",), "every board of the account would obey"),
        ({**AWS, "exclusive_account": True}, (), ("E2E-2",), ""),
    ],
    ids=["offline", "audit", "audit-any", "aws-offline-only", "aws-talk", "aws-command", "aws-command-exclusive"],
)
def test_what_a_run_cannot_perform_is_not_applicable_and_says_why(given, tags, clauses, told):
    reason = not_applicable(info(*tags, clauses=clauses), settings_from(given))
    assert told in reason
    assert reason.startswith("NOT_APPLICABLE: ") is bool(told)
