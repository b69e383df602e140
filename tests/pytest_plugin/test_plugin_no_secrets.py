"""Secrets planted wherever a run can say something are in no file of its Allure results."""

from __future__ import annotations

import json

import pytest

ACCESS_KEY = "AKIA" + "QWERTYUIOPASDFGH"
TEMPORARY_KEY = "ASIA" + "QWERTYUIOPASDFGH"
NAMED_SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCY"
ENVIRONMENT_SECRET = "only-in-the-environment-0123456789"

STEPS = f"""
    import logging
    import sys
    import warnings
    from dataclasses import dataclass, field
    from pathlib import Path

    import allure
    import pytest
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from pytest_bdd import given, parsers, then, when

    from dicfix.pytest_plugin.allure_steps import Evidence

    ACCESS_KEYS = "{ACCESS_KEY} {TEMPORARY_KEY}"
    NAMED = "aws_secret_access_key = {NAMED_SECRET}"
    FROM_ENVIRONMENT = "{ENVIRONMENT_SECRET}"

    def new_pem():
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        with Path(__file__).with_name("planted.txt").open("a") as planted:
            planted.write(pem.splitlines()[1] + "\\n")
        return pem

    @dataclass
    class Material:
        name: str
        key: str = field(repr=False)

    @pytest.fixture
    def leaky():
        yield
        raise OSError("teardown " + new_pem() + ACCESS_KEYS)

    @given("everything is printed")
    def printed(leaky):
        for say in (print, logging.getLogger("x").warning, lambda text: print(text, file=sys.stderr)):
            say(new_pem() + ACCESS_KEYS + " " + NAMED + " " + FROM_ENVIRONMENT + " " + str(Path(__file__)))

    @when("everything is attached", target_fixture="material")
    def attached(request, tmp_path):
        evidence = Evidence(request.config)
        material = Material("one", new_pem())
        evidence.attach_text("text " + ACCESS_KEYS, new_pem() + NAMED)
        evidence.attach_json("json", {{"material": material, "pem": new_pem(), "where": str(tmp_path)}})
        allure.attach(b"\\xff" + new_pem().encode(), name="bytes")
        file = tmp_path / "device.key"
        file.write_text(new_pem())
        allure.attach.file(file, name="file")
        allure.dynamic.parameter("path", tmp_path)
        allure.dynamic.link("https://x.example/?X-Amz-Security-Token={NAMED_SECRET}")
        with allure.step("nested " + ACCESS_KEYS + " " + new_pem()):
            pass
        return material

    @then("it fails")
    def fails(material, tmp_path):
        assert material.key == new_pem(), (material.key, ACCESS_KEYS, NAMED, FROM_ENVIRONMENT, str(tmp_path))

    @then("it breaks")
    def breaks(tmp_path):
        raise OSError(new_pem() + ACCESS_KEYS + " " + NAMED + " " + str(tmp_path))

    @then("it skips")
    def skips():
        pytest.skip(new_pem() + ACCESS_KEYS)
"""

FEATURE = f"""
    @SSL-1
    Feature: Leaks
      Scenario: fails
        About {ACCESS_KEY}.

        Given everything is printed
        When everything is attached
        Then it fails
      Scenario: breaks
        Given everything is printed
        Then it breaks
      Scenario: skips
        Then it skips
      Scenario Outline: named <key>
        Then it breaks
        And it fails
          | <key> |
        Examples:
          | key          |
          | {ACCESS_KEY} |
"""


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["serial", "two-workers"])
def test_no_planted_secret_and_no_absolute_path_is_in_any_file(project, arguments):
    project.steps(STEPS)
    project.machinery(
        'environment=lambda: {"note": "' + ACCESS_KEY + '"}, executor=lambda: {"url": "/tmp/' + TEMPORARY_KEY + '"},'
        'run_fields=lambda: {"who": "' + ACCESS_KEY + '"}'
    )
    project.feature("01_leaks", FEATURE)
    project.feature("02_bad", f"@SSL-1\nFeature: F\n  Scenario: {ACCESS_KEY}\n    Then it fails\n    Then nothing\n")
    planted_in_environment = {"AWS_SECRET_ACCESS_KEY": ENVIRONMENT_SECRET}
    run = project.run_allure(
        "--continue-on-collection-errors", "--basetemp", str(project.path / "base"), *arguments,
        env=planted_in_environment,
    )  # fmt: skip
    assert run.counts()["failed"] >= 3
    keys = (project.path / "planted.txt").read_text().split()
    assert len(keys) > 10
    forbidden = [
        "PRIVATE KEY-----", ACCESS_KEY, TEMPORARY_KEY, NAMED_SECRET, ENVIRONMENT_SECRET, str(project.path), *keys,
    ]  # fmt: skip
    files = [*project.results_dir.iterdir(), project.path / "reports" / "run.json"]
    assert len(files) > 15
    for path in files:
        content = path.read_bytes().decode("latin-1")
        found = [text for text in forbidden if text in content]
        assert not found, f"{path.name} holds {found[0][:20]}"


def test_what_is_left_still_tells_the_story(project):
    project.steps(STEPS)
    project.feature("01_leaks", FEATURE)
    project.run_allure(env={"AWS_SECRET_ACCESS_KEY": ENVIRONMENT_SECRET})
    results = project.results()
    assert set(results) == {"fails", "breaks", "skips", "named <redacted>"}
    assert "<private key redacted>" in results["breaks"]["statusDetails"]["message"]
    assert "lamp_steps.py" in results["breaks"]["statusDetails"]["trace"]
    stdout = next(a for a in results["fails"]["attachments"] if a["name"] == "stdout")
    assert "aws_secret_access_key = <redacted>" in project.attachment(stdout["source"])
    (attached,) = [step for step in results["fails"]["steps"] if step["name"] == "When everything is attached"]
    value = json.loads(project.attachment(attached["attachments"][1]["source"]))
    assert value["material"] == {"name": "one"}
    assert value["where"].startswith("<tmp>/")
