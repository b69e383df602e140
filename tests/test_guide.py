"""The guide as data: complete, in order, consistent with its editions, and read-only."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from dicfix import guide
from dicfix import settings as settings_module
from dicfix.certificates import make_private_key, make_rsa_private_key
from dicfix.errors import UsageError
from dicfix.guide import APPLICATIONS, CLAUSES, EDITIONS, NOT_YET_BUILT, Audit, clause, clauses_of, edition, values

COUNTS = {"SSL": 9, "AWS": 22, "EXP": 7, "E2E": 3, "OTA": 18, "PRE": 6}
LATEST_ONLY = {"SSL-V1", "SSL-V2", "SSL-V3", "AWS-4.V"}
FIRST_TWO_ONLY = {"AWS-4.4", "AWS-4.5"}


def test_every_clause_is_there_once():
    """The number of clauses of each kind, and no id twice."""
    ids = [one.id for one in CLAUSES]
    assert len(ids) == len(set(ids))
    assert {kind: sum(one.startswith(f"{kind}-") for one in ids) for kind in COUNTS} == COUNTS
    assert len(ids) == sum(COUNTS.values())


@pytest.mark.parametrize("one", CLAUSES, ids=lambda one: one.id)
def test_a_clause_is_a_sentence_with_its_place(one):
    """Text, page and step are there; editions are known ones; an audit sees it somehow."""
    assert one.text.endswith(".")
    assert one.text[0].isupper()
    assert one.page in {page for each in EDITIONS.values() for page in each.pages}
    assert one.step
    assert one.editions
    assert set(one.editions) <= set(EDITIONS)
    assert list(one.editions) == sorted(one.editions)
    assert one.audit
    assert Audit.NONE not in one.audit or one.audit == (Audit.NONE,)
    assert all(not slip.endswith(".") for slip in one.slips)


def test_clauses_are_frozen():
    """Nobody changes the guide while it is judged."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        CLAUSES[0].text = "other"  # type: ignore[misc]


def test_the_editions_differ_where_the_guide_does():
    """2023-06 has no OTA and no commands, 2024-04 the verification certificate and no word of Active."""
    ids = {name: {one.id for one in clauses_of(name)} for name in EDITIONS}
    assert ids["2023-08"] - ids["2023-06"] == {one.id for one in CLAUSES if one.id[:3] in ("OTA", "PRE")} | {
        "E2E-2",
        "E2E-3",
    }
    assert ids["2023-06"] - ids["2023-08"] == set()
    assert ids["2024-04"] - ids["2023-08"] == LATEST_ONLY
    assert ids["2023-08"] - ids["2024-04"] == FIRST_TWO_ONLY


def test_clauses_of_keeps_the_guides_order():
    """SSL-1 first; an edition's clauses are in the order of all."""
    assert CLAUSES[0].id == "SSL-1"
    assert [one for one in CLAUSES if "2024-04" in one.editions] == list(clauses_of("2024-04"))


@pytest.mark.parametrize("name", ["", "2022-01", "2023-8", "latest"])
def test_an_unknown_edition_is_a_usage_error_that_names_the_right_ones(name):
    """One message with all editions."""
    with pytest.raises(UsageError, match=r"2023-06, 2023-08, 2024-04"):
        edition(name)
    with pytest.raises(UsageError):
        clauses_of(name)


def test_an_unknown_clause_is_a_usage_error():
    """The message says how to list them."""
    assert clause("AWS-4.1").step == "4"
    with pytest.raises(UsageError, match="dicfix clauses"):
        clause("AWS-9")


def test_ca_mode_verification_and_automatic_registration_belong_together():
    """The single-account mode has the verification certificate and says nothing of automatic registration."""
    for one in EDITIONS.values():
        single = one.ca_mode == values.SINGLE_ACCOUNT
        assert single == one.verification_certificate
        assert (one.automatic_registration is None) == single
        assert one.ca_mode_printed == ("Single account mode" if single else "Multi-account mode")


def test_applications_of_an_edition_are_known_and_obey_only_when_they_exist():
    """What is commanded is also published."""
    for one in EDITIONS.values():
        assert set(one.applications) <= set(APPLICATIONS)
        assert set(one.commanded) <= set(one.applications)
        assert bool(one.commanded) == any(each.id == "E2E-2" for each in clauses_of(one.name))
        assert one.ota == any(each.id.startswith("OTA-") for each in clauses_of(one.name))


def test_the_explorers_set_is_step_8_in_the_latest_edition():
    """SSL-5 is numbered otherwise there."""
    assert clause("SSL-5").step_in("2023-08") == "5"
    assert clause("SSL-5").step_in("2024-04") == "8"
    assert clause("SSL-1").step_in("2024-04") == "1"


def test_the_known_slips_stand_beside_their_clauses():
    """What the guide prints wrongly is told, never mended in silence."""
    slips = {one.id: " ".join(one.slips) for one in CLAUSES}
    assert "Repeat Step 5" in slips["AWS-7.1"]
    assert "underscore" in slips["OTA-12"]
    assert "afr-ota" in slips["OTA-14"]
    assert "code-signing certificates" in slips["OTA-10"]
    assert "light/#" in slips["EXP-4"]
    assert "dic_nvm_cert.cpp" in slips["AWS-6.7"]
    assert "server name" in slips["AWS-4.2"]
    assert "self-signed" in slips["SSL-4.2"]


def test_what_is_not_yet_built_is_named_in_one_place():
    """Nothing is left of it: the whole guide is performed and judged."""
    assert frozenset() == NOT_YET_BUILT
    assert {one.id for one in CLAUSES if not one.built} == NOT_YET_BUILT


def test_key_kinds_are_spelt_as_certificates_spell_them():
    """One word, wherever it is written."""
    assert make_private_key().kind == values.KEY_KIND
    assert make_rsa_private_key().kind == values.VERIFICATION_KEY_KIND


def test_settings_know_the_same_editions():
    """The names and the default agree."""
    assert tuple(EDITIONS) == settings_module.EDITIONS
    assert guide.DEFAULT_EDITION == settings_module.DEFAULT_EDITION


def test_the_guide_imports_nothing_heavy():
    """It may be read by settings and help, so it is plain Python."""
    code = "import sys, dicfix.guide; print(sorted({one.split('.')[0] for one in sys.modules} & set(sys.argv[1:])))"
    heavy = ["boto3", "moto", "cryptography", "paho", "pytest", "gherkin"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"
