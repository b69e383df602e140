"""One table says what an audit may send, with which IAM actions on what; everything that reads agrees with it."""

from __future__ import annotations

import fnmatch
import json
from pathlib import Path

import pytest

from dicfix.__main__ import main
from dicfix.aws.operations import BESIDE_CONTROLS, READ_OPERATIONS, RIGHTS, audit_policy, permission_for
from dicfix.controls import CONTROLS

ACCOUNT = "123456789012"
NAMES = {"account": ACCOUNT, "region": "eu-west-1", "bucket": "ota-demo-x", "role": "ota_demo"}
WRITING = ("Create", "Update", "Delete", "Put", "Attach", "Detach", "Register", "Set", "Start", "Cancel", "Add", "Pass")
FORBIDDEN = {"iot:GetRegistrationCode", "s3:GetObject", "s3:GetObjectVersion", "iot:Connect", "iot:Publish"}


def statements(**changes: str) -> list[dict[str, object]]:
    return list(audit_policy(**{**NAMES, **changes})["Statement"])


def actions() -> set[str]:
    return {action for one in statements() for action in one["Action"]}


def test_what_may_be_sent_is_what_controls_and_sweep_declare():
    declared = {operation for one in CONTROLS.values() for operation in one.operations}
    assert declared & set(BESIDE_CONTROLS) == set()
    assert declared | set(BESIDE_CONTROLS) == READ_OPERATIONS


def test_the_policy_allows_the_actions_of_the_table_and_no_more():
    assert actions() == {action for right in RIGHTS.values() for action in right.actions}
    told = {permission_for(one) for one in READ_OPERATIONS if RIGHTS[one].actions}
    assert told <= actions(), "what a refusal names as missing is in the policy"


def test_only_the_login_needs_no_action():
    assert [name for name, right in RIGHTS.items() if not right.actions] == ["sts:GetCallerIdentity"]


def test_no_action_writes_or_reads_an_object():
    found = actions()
    assert found & FORBIDDEN == set()
    assert [one for one in found if one.split(":")[1].startswith(WRITING)] == []
    assert [one for one in found if "*" in one] == []


def test_resources_are_of_this_account_wherever_an_arn_is_known():
    everywhere = [one["Resource"] for one in statements() if ACCOUNT not in str(one["Resource"])]
    assert set(everywhere) == {"*", "arn:aws:s3:::ota-demo-x", "arn:aws:iam::*:policy/*"}
    assert all(fnmatch.fnmatch("arn:aws:iot:eu-west-1:123456789012:policy/DIC_POLICY", str(one["Resource"]))
               for one in statements() if "iot:GetPolicy" in one["Action"])  # fmt: skip


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_other_partitions_have_their_arns(region, partition):
    arns = [str(one["Resource"]) for one in statements(region=region) if one["Resource"] != "*"]
    assert {one.split(":")[1] for one in arns} == {partition}


def test_each_resource_is_named_once_and_actions_are_sorted():
    resources = [one["Resource"] for one in statements()]
    assert len(resources) == len(set(map(str, resources)))
    assert all(one["Action"] == sorted(one["Action"]) for one in statements())


def test_the_command_prints_the_policy_for_the_account(capsys):
    assert main(["permissions", "audit", "--account", ACCOUNT, "--region", "eu-west-2"]) == 0
    printed = json.loads(capsys.readouterr().out)
    names = {"account": ACCOUNT, "region": "eu-west-2", "bucket": f"ota-demo-{ACCOUNT}-eu-west-2", "role": "ota_demo"}
    assert printed == audit_policy(**names)


def test_without_an_account_the_command_leaves_its_place_open(capsys):
    assert main(["permissions", "audit"]) == 0
    assert ":ACCOUNT:" in capsys.readouterr().out


def test_the_command_prints_the_table(capsys):
    assert main(["permissions", "audit", "--table"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(RIGHTS)
    assert any("iot-data:GetConnection" in one and "iot:GetConnection" in one for one in lines)
    assert any("sts:GetCallerIdentity" in one and "(none needed)" in one for one in lines)


ROLES = [f"arn:aws:iam::{one * 12}:role/audit" for one in "12"]


def with_accounts(folder: Path) -> None:
    entries = [f'[[accounts]]\naccount = "{one.split(":")[4]}"\nrole = "{one}"\n' for one in reversed(ROLES)]
    own = f'[[accounts]]\naccount = "{ACCOUNT}"\n'
    (folder / "dic.toml").write_text("".join([*entries, own]), encoding="utf-8")


def test_the_command_lets_the_caller_into_the_roles_of_dic_toml(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with_accounts(tmp_path)
    assert main(["permissions", "audit", "--account", ACCOUNT]) == 0
    *others, last = json.loads(capsys.readouterr().out)["Statement"]
    assert last == {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": ROLES}
    assert [one for one in others if "sts:AssumeRole" in one["Action"]] == []


def test_the_table_names_those_roles_too(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with_accounts(tmp_path)
    assert main(["permissions", "audit", "--table"]) == 0
    added = [one.split() for one in capsys.readouterr().out.splitlines()[len(RIGHTS) :]]
    assert sorted(added) == [["sts:AssumeRole", "sts:AssumeRole", role] for role in ROLES]


def test_without_roles_nobody_is_let_into_any():
    assert "sts:AssumeRole" not in actions() | READ_OPERATIONS
