"""Every control tells a good onboarding from a spoilt one, and says nothing of what was not spoilt."""

from __future__ import annotations

import pytest
from defects import DEFECTS, Defect
from onboarded import NOW, good_inventory, good_settings

from dicfix.controls import CONTROLS, run_control
from dicfix.findings import Axis, Status, worst
from dicfix.guide import EDITIONS
from dicfix.records import Inventory

GUIDE = [one for one in CONTROLS.values() if one.axis is Axis.GUIDE]
MODES = ("onboard", "audit")
OTHER_WAYS_TO_SIGN = ("DIC-OTA-13", "DIC-OTA-14")
"""Controls of the ways to sign that the good onboarding does not choose."""

BY_CONSTRUCTION = ("DIC-FIT-08", "DIC-FIT-12", "DIC-HRD-01", "DIC-HRD-25")
"""Controls that fail on what the guide asks for, and on the published firmware."""


def failing(inventory: Inventory, edition: str, mode: str, signing: str = "new") -> set[str]:
    """Ids of the guide-axis controls that are FAIL."""
    settings = good_settings(edition, mode, signing_choice=signing)
    return {one.id for one in GUIDE if worst(run_control(one.id, inventory, settings, NOW)) is Status.FAIL}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("control", CONTROLS)
def test_a_good_onboarding_passes_every_control_of_its_edition(control, edition, mode):
    """PASS where the edition asks for it, NOT_APPLICABLE with a reason where it does not."""
    findings = run_control(control, good_inventory(edition), good_settings(edition, mode), NOW)
    statuses = {one.status for one in findings}
    elsewhere = (mode == "audit" and control.startswith("DIC-E2E")) or control in OTHER_WAYS_TO_SIGN
    if edition not in CONTROLS[control].editions or elsewhere:
        assert statuses == {Status.NOT_APPLICABLE}
        assert all(one.observed for one in findings)
    elif control in BY_CONSTRUCTION:  # the guide and the firmware themselves are what it finds fault with
        assert worst(findings) in (Status.PASS, Status.FAIL)
    elif control == "DIC-FIT-09":  # only a handshake with the firmware's ciphers shows it
        assert statuses == {Status.MANUAL}
    elif CONTROLS[control].axis is Axis.FIT:
        assert statuses <= {Status.PASS, Status.NOT_APPLICABLE}
    else:
        assert statuses == {Status.PASS}, [one.sentence() for one in findings]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("defect", DEFECTS, ids=lambda one: one.name)
def test_a_defect_flips_its_controls_and_no_other(defect: Defect, mode):
    """The controls that are FAIL are exactly those that the defect names."""
    good = good_inventory(defect.edition, defect.signing)
    assert failing(good, defect.edition, mode, defect.signing) == set()
    expected = defect.onboard if mode == "onboard" else defect.audit
    assert failing(defect.spoil(good), defect.edition, mode, defect.signing) == expected


def test_every_guide_control_has_a_defect():
    """No control is untested: each flips by at least one named defect."""
    flipped = set().union(*(one.onboard for one in DEFECTS))
    assert flipped == {one.id for one in GUIDE}


def test_defect_names_are_unique():
    """A defect is known by its name."""
    names = [one.name for one in DEFECTS]
    assert len(names) == len(set(names))
