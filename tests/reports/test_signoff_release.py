"""Frozen releases: what they hold, how they are signed and verified, and that nothing secret is in them."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from dicfix.errors import MaterialError, UsageError
from dicfix.reports.changes import changes_since, last_record
from dicfix.reports.digest import digest_of
from dicfix.reports.release import freeze, public_pem, read_signing_key
from dicfix.reports.signoff import Choices, SignOff, sign_off
from dicfix.reports.verify import verify
from tests.reports.signoff_world import NOW, evidence_yaml, waiver, world
from tests.tools import openssl, require_tool


@pytest.fixture(autouse=True)
def without_allure(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Allure makes is another test's business."""
    monkeypatch.setattr("dicfix.reports.publish.allure_report", lambda *_: (False, "allure.html not written"))


def written(key: object, path: Path, encryption: KeySerializationEncryption | None = None) -> Path:
    """A private key in a PEM file."""
    make: Callable[..., bytes] = key.private_bytes  # type: ignore[attr-defined]
    path.write_bytes(make(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()))
    return path


def frozen(folder: Path, name: str, *, key: Ed25519PrivateKey | None = None, fails: str = "") -> tuple[Path, SignOff]:
    run = world(folder / f"run-{name}")
    if fails:
        run.fail(fails)
    choices = Choices((run.write(),), release=name, reports=folder / "reports")
    signoff = sign_off(choices, NOW)
    return freeze(signoff, choices, key)[0], signoff


def test_a_record_holds_results_page_twin_sums_and_seal(tmp_path: Path) -> None:
    folder, signoff = frozen(tmp_path, "1.0")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {
        "signoff.html",
        "signoff.json",
        "seal.json",
        "SHA256SUMS",
        "runs/1/run.json",
        "runs/1/findings.json",
    } <= names
    assert sum(name.endswith("-result.json") for name in names) == 62
    seal = json.loads((folder / "seal.json").read_text())
    assert (seal["label"], seal["verdict"], seal["signed"]) == ("sealed, not signed", "REHEARSED", False)
    assert seal["digest"] == signoff.digest == json.loads((folder / "signoff.json").read_text())["digest"]
    assert "1.0" in (folder / "signoff.html").read_text()


def test_the_digest_is_that_of_the_kept_results(tmp_path: Path) -> None:
    folder, signoff = frozen(tmp_path, "1.0")
    lines = (folder / "SHA256SUMS").read_text().splitlines(keepends=True)
    assert digest_of("".join(line for line in lines if "  runs/" in line)) == signoff.digest


def test_sha256sum_and_openssl_can_check_a_record(tmp_path: Path) -> None:
    folder, _ = frozen(tmp_path, "1.0", key=Ed25519PrivateKey.generate())
    subprocess.run([require_tool("sha256sum"), "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=folder, check=True)
    told = openssl(
        "pkeyutl -verify -pubin -inkey signer.pub.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig", cwd=folder
    )
    assert "Signature Verified Successfully" in told


def test_a_signed_record_is_verified_with_its_key_and_no_other(tmp_path: Path) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    frozen(tmp_path, "1.0", key=key)
    for one, name in ((key, "right.pem"), (other, "wrong.pem")):
        (tmp_path / name).write_text(public_pem(one))
    (checked,) = verify(tmp_path / "reports")
    assert checked.troubles == ()
    assert checked.said.startswith("REHEARSED, signed with the key ")
    assert verify(tmp_path / "reports", ("1.0",), tmp_path / "right.pem")[0].troubles == ()
    assert verify(tmp_path / "reports", (), tmp_path / "wrong.pem")[0].troubles == ("it is signed with another key",)


def test_an_unsigned_record_is_called_so_and_fails_where_a_key_is_asked(tmp_path: Path) -> None:
    frozen(tmp_path, "1.0")
    (tmp_path / "key.pem").write_text(public_pem(Ed25519PrivateKey.generate()))
    (checked,) = verify(tmp_path / "reports")
    assert (checked.said, checked.troubles) == ("REHEARSED, sealed, not signed", ())
    assert verify(tmp_path / "reports", (), tmp_path / "key.pem")[0].troubles == ("it is not signed",)


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" ")


def swap_signer(folder: Path) -> None:
    (folder / "signer.pub.pem").write_text(public_pem(Ed25519PrivateKey.generate()))


SPOILT: tuple[tuple[str, Callable[[Path], object], str], ...] = (
    ("a result changed", lambda folder: change(folder / "runs/1/allure-results/0003-result.json"), "was changed"),
    ("a result removed", lambda folder: (folder / "runs/1/allure-results/0003-result.json").unlink(), "was taken away"),
    ("a file added", lambda folder: (folder / "extra.txt").write_text("x"), "extra.txt was added"),
    ("the page changed", lambda folder: change(folder / "signoff.html"), "signoff.html was changed"),
    ("the sums changed", lambda folder: change(folder / "SHA256SUMS"), "the signature is not one of this SHA256SUMS"),
    ("the sums removed", lambda folder: (folder / "SHA256SUMS").unlink(), "SHA256SUMS is missing"),
    ("the signature removed", lambda folder: (folder / "SHA256SUMS.sig").unlink(), "its signature was taken away"),
    ("another signer", swap_signer, "the signature is not one of this SHA256SUMS"),
    ("the twin is no JSON", lambda folder: (folder / "signoff.json").write_text("{"), "cannot be read"),
)


@pytest.mark.parametrize(("spoil", "told"), [row[1:] for row in SPOILT], ids=[row[0] for row in SPOILT])
def test_what_was_done_to_a_record_is_told(tmp_path: Path, spoil: Callable[[Path], object], told: str) -> None:
    folder, _ = frozen(tmp_path, "1.0", key=Ed25519PrivateKey.generate())
    spoil(folder)
    (checked,) = verify(tmp_path / "reports")
    assert any(told in one for one in checked.troubles), checked.troubles


def test_a_release_is_signed_off_once(tmp_path: Path) -> None:
    frozen(tmp_path, "1.0")
    with pytest.raises(UsageError, match="was signed off before"):
        frozen(tmp_path, "1.0")


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "x" * 65, "a b", "a\n"])
def test_a_name_that_cannot_be_a_folders_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a release"):
        frozen(tmp_path, name) if "/" not in name else freeze(*_unnamed(tmp_path, name), None)


def _unnamed(tmp_path: Path, name: str) -> tuple[SignOff, Choices]:
    choices = Choices((world(tmp_path / "run").write(),), release=name, reports=tmp_path / "reports")
    return sign_off(choices, NOW), choices


def test_a_record_that_cannot_be_finished_leaves_nothing(tmp_path: Path) -> None:
    run = world(tmp_path / "run")
    folder = run.write()
    (folder / "allure-results" / "key-attachment.txt").write_text("-----BEGIN EC " + "PRIVATE KEY-----\nMHc=")
    choices = Choices((folder,), release="1.0", reports=tmp_path / "reports")
    with pytest.raises(UsageError, match=r"runs/1/allure-results/key-attachment.txt holds a private key"):
        freeze(sign_off(choices, NOW), choices, None)
    assert list((tmp_path / "reports" / "signoff").iterdir()) == []


def test_only_an_ed25519_key_without_passphrase_signs(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    assert public_pem(read_signing_key(written(key, tmp_path / "key.pem"))) == public_pem(key)
    ssh = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    (tmp_path / "ssh").write_bytes(ssh)
    assert public_pem(read_signing_key(tmp_path / "ssh")) == public_pem(key)
    refused = {
        "no Ed25519 key": written(generate_private_key(SECP256R1()), tmp_path / "ec.pem"),
        "protected by a passphrase": written(key, tmp_path / "locked.pem", BestAvailableEncryption(b"secret")),
        "no private key": tmp_path / "text.pem",
    }
    (tmp_path / "text.pem").write_text("hello")
    for told, path in refused.items():
        with pytest.raises(MaterialError, match=told):
            read_signing_key(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_signing_key(tmp_path / "nowhere.pem")


def test_changes_since_the_last_signed_release_are_told_clause_by_clause(tmp_path: Path) -> None:
    frozen(tmp_path, "1.0", key=Ed25519PrivateKey.generate(), fails="AWS-4.1")
    frozen(tmp_path, "1.1")
    record = last_record(tmp_path / "reports")
    assert record
    assert (record.name, record.signed) == ("1.0", True)
    run = world(tmp_path / "run", evidence="AWS with virtual device")
    run.fail("AWS-4.4")
    now = sign_off(Choices((run.write(),), reports=tmp_path / "reports"), NOW)
    assert now.changes == changes_since(record, now.rows)
    assert now.changes
    assert now.changes.fixed == ("AWS-4.1: FAIL, now PASS",)
    assert now.changes.regressed == ("AWS-4.4: PASS, now FAIL",)
    assert "SSL-1: simulated, now AWS with virtual device" in now.changes.evidence
    assert now.changes.verdict == "NO-GO"


def test_without_a_signed_release_the_last_sealed_one_is_compared_with(tmp_path: Path) -> None:
    frozen(tmp_path, "1.0")
    record = last_record(tmp_path / "reports")
    assert record
    assert not record.signed
    assert last_record(tmp_path / "elsewhere") is None


SECRET = re.compile(
    rb"-BEGIN [A-Z ]*PRIVATE KEY|(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}|aws_secret|session_token", re.IGNORECASE
)


def test_no_key_token_or_path_of_the_machine_is_in_any_artefact(tmp_path: Path) -> None:
    home, key = Path.home(), Ed25519PrivateKey.generate()
    run = world(tmp_path / "run")
    run.fail("AWS-4.4")
    pem = "-----BEGIN " + "PRIVATE KEY----- MC4CAQAwBQYDK2VwBCIEIA -----END " + "PRIVATE KEY-----"
    (tmp_path / "waivers.yaml").write_text(waiver().replace("The factory", f"See {home}/notes, {pem}, the factory"))
    evidence = evidence_yaml(tmp_path, ("E2E-1",))
    evidence.write_text(evidence.read_text().replace("Carla Tester", f"Carla in {home}/lab"))
    choices = Choices(
        (run.write(),),
        waivers=tmp_path / "waivers.yaml",
        evidence=evidence,
        release="1.0",
        reports=tmp_path / "reports",
    )
    signoff = sign_off(choices, NOW)
    assert signoff.waivers.waivers[0].justification.startswith("See ~/notes, <private key>, the factory")
    folder, _ = freeze(signoff, choices, key)
    signing = written(key, tmp_path / "signing.pem").read_text().splitlines()[1].encode()
    places = (tmp_path, Path(tempfile.gettempdir()), Path(__file__).parents[2], home)
    told = [str(one).encode() + b"/" for one in places] + [signing]
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        content = path.read_bytes()
        assert SECRET.search(content) is None, path
        assert [one for one in told if one in content] == [], path


def test_what_is_searched_for_would_be_found() -> None:
    assert SECRET.search(b"key " + b"AKIA" + b"A" * 16)
    assert SECRET.search(b"-----BEGIN EC " + b"PRIVATE KEY-----")
