"""The rules of admission as pure functions."""

from __future__ import annotations

import pytest
from dataplane_registry import Issued, issue

from dicfix.offline.registry import RegisteredCa
from dicfix.offline.rules import device_admission as rules


def _ca(issued: Issued, *, status: str = "ACTIVE", mode: str = "SNI_ONLY", auto: bool = True) -> RegisteredCa:
    return RegisteredCa(issued.certificate_id, issued.der, status, mode, auto)


@pytest.mark.parametrize("status", ["INACTIVE", "REVOKED", "PENDING_ACTIVATION", "PENDING_TRANSFER"])
def test_every_status_but_active_is_refused_by_one_rule(status: str) -> None:
    refusals = [refusal for rule in rules.STATUS_RULES if (refusal := rule(status))]
    assert [refusal.reason for refusal in refusals] == [f"CERTIFICATE_{status}"]
    assert all(rule("ACTIVE") is None for rule in rules.STATUS_RULES)


def test_validity_is_inclusive_at_both_ends() -> None:
    assert rules.expired(1000, 1000) is None
    assert rules.expired(1000, 1001) is not None
    assert rules.not_yet_valid(1000, 1000) is None
    assert rules.not_yet_valid(1000, 999) is not None


def test_the_signer_is_found_among_cas_of_the_same_name() -> None:
    cas = [issue("same name") for _ in range(3)]
    leaf = issue("leaf", cas[1])
    assert rules.signers(leaf.certificate, [_ca(ca) for ca in cas]) == [_ca(cas[1])]


def test_a_self_signed_stranger_of_the_cas_name_has_no_signer() -> None:
    assert rules.signers(issue("same name").certificate, [_ca(issue("same name"))]) == []


@pytest.mark.parametrize(
    ("status", "auto", "server_name", "registers"),
    [
        ("ACTIVE", True, "x", True),
        ("INACTIVE", True, "x", False),
        ("ACTIVE", False, "x", False),
        ("ACTIVE", True, None, False),
    ],
)
def test_a_ca_registers_only_active_enabled_and_with_sni(
    status: str, *, auto: bool, server_name: str | None, registers: bool
) -> None:
    ca = _ca(issue("CA"), status=status, auto=auto)
    found, why = rules.registering_ca([ca], server_name, allow_default_mode=False)
    assert (found is ca) == registers
    assert bool(why) != registers


def test_one_willing_ca_among_several_is_enough() -> None:
    issued = issue("CA")
    off, on = _ca(issued, auto=False), _ca(issued)
    assert rules.registering_ca([off, on], "x", allow_default_mode=False) == (on, "")
