"""Clauses, scenario tags and guide-axis controls are the same set, both ways, but for what is not yet built."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dicfix.cli.clauses import scenarios_by_tag
from dicfix.controls import CONTROLS, controls_of
from dicfix.findings import Axis
from dicfix.guide import CLAUSES, EDITIONS

FEATURES = Path(__file__).parents[1] / "features"
CLAUSE_TAG = re.compile(r"(SSL|AWS|EXP|E2E|OTA|PRE)-.+")
BUILT = [one for one in CLAUSES if one.built]


@pytest.fixture(scope="module")
def tagged() -> dict[str, list[str]]:
    """Scenarios by clause id."""
    return {tag: found for tag, found in scenarios_by_tag(FEATURES).items() if CLAUSE_TAG.fullmatch(tag)}


@pytest.mark.parametrize("one", BUILT, ids=lambda one: one.id)
def test_every_built_clause_has_a_scenario(one, tagged):
    """Its id tags at least one."""
    assert tagged.get(one.id), f"no scenario is tagged @{one.id}"


@pytest.mark.parametrize("one", BUILT, ids=lambda one: one.id)
def test_every_built_clause_has_a_guide_control_or_a_manual_reason(one):
    """One or the other, never neither."""
    assert one.manual_reason or any(each.axis is Axis.GUIDE for each in controls_of(one.id))


def test_every_clause_tag_is_a_clause(tagged):
    """A tag that looks like a clause id and is none is a slip of the pen."""
    assert set(tagged) <= {one.id for one in CLAUSES}


def test_nothing_that_is_not_yet_built_is_tagged(tagged):
    """A clause leaves the list when its scenarios come; its controls may be there before."""
    waiting = {one.id for one in CLAUSES if not one.built}
    assert not waiting & set(tagged)


def test_every_cited_clause_exists_in_an_edition_that_the_control_judges():
    """A control is judged in every edition that its clauses are in."""
    for one in CONTROLS.values():
        for clause_id in one.clauses:
            (clause,) = [each for each in CLAUSES if each.id == clause_id]
            assert set(clause.editions) <= set(one.editions)
        assert set(one.editions) <= set(EDITIONS)
