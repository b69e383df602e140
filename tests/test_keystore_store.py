"""The certificate directory: made, found, resumed, refused."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dicfix.certificates import issue_client, issue_verification, make_ca, make_rsa_private_key, read_certificate
from dicfix.errors import MaterialError
from dicfix.keystore import Keystore, files
from dicfix.keystore.files import write as real_write
from tests.tools import openssl, openssl_makes_the_guides_files

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
CODE = "0123456789abcdef" * 4
ALL_FILES = {
    "CA.key", "CA.crt", "CA.srl", "device.key", "device.csr", "device.crt", "explorer.key", "explorer.csr",
    "explorer.crt", "AmazonRootCA1.pem", "verification_cert.key", "verification_cert_csr.csr", "verification_cert.pem",
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Keystore:
    return Keystore(tmp_path / "certificates", clock=lambda: NOW)


def make_all(store: Keystore, *, overwrite: bool = False) -> tuple[list[str], list[str]]:
    """Every file of the 2024-04 guide; gives what was found and what was made."""
    kept = [
        store.ensure_ca(overwrite=overwrite),
        store.ensure_client("device", overwrite=overwrite),
        store.ensure_client("explorer", overwrite=overwrite),
        store.ensure_verification(CODE, overwrite=overwrite),
        store.ensure_server_root(overwrite=overwrite),
    ]
    return [name for each in kept for name in each.found], [name for each in kept for name in each.made]


def names_in(store: Keystore) -> set[str]:
    return {path.name for path in store.directory.iterdir()}


def test_all_files_of_the_guide_are_made_under_its_names(store: Keystore) -> None:
    found, made = make_all(store)
    assert found == []
    assert set(made) == ALL_FILES == names_in(store)


def test_a_second_run_finds_all_and_changes_nothing(store: Keystore) -> None:
    make_all(store)
    before = {path.name: path.read_bytes() for path in store.directory.iterdir()}
    found, made = make_all(store)
    assert made == []
    assert set(found) == ALL_FILES - {"CA.srl"}
    assert {path.name: path.read_bytes() for path in store.directory.iterdir()} == before


def test_made_set_fits_together(store: Keystore) -> None:
    make_all(store)
    ca, device, verification = store.ca(), store.client("device"), store.verification()
    assert device.certificate.signed_by(ca.certificate)
    assert verification.certificate.signed_by(ca.certificate)
    assert device.request.subject == device.certificate.subject == "CN=device"
    serials = [store.client(stem).certificate.serial for stem in ("device", "explorer")]
    assert serials[1] == serials[0] + 1
    assert verification.certificate.serial == serials[1] + 1


def test_keys_are_0600_from_the_first_byte_whatever_the_umask(store: Keystore, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: dict[str, int] = {}
    real_part = files._write_part

    def spy(part: Path, data: bytes, mode: int) -> None:
        real_part(part, b"", mode)
        modes[part.name] = stat.S_IMODE(part.stat().st_mode)
        real_part(part, data, mode)

    monkeypatch.setattr(files, "_write_part", spy)
    monkeypatch.setattr("os.chmod", lambda *_: pytest.fail("chmod afterwards"))
    make_all(store)
    keys = {name: mode for name, mode in modes.items() if name.endswith(".key.part")}
    assert set(keys.values()) == {0o600}
    assert len(keys) == 4
    for path in store.directory.glob("*.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_overwrite_makes_every_file_anew_but_goes_on_with_the_serial(store: Keystore) -> None:
    make_all(store)
    before = {path.name: path.read_bytes() for path in store.directory.iterdir()}
    last = store.verification().certificate.serial
    _, made = make_all(store, overwrite=True)
    after = {path.name: path.read_bytes() for path in store.directory.iterdir()}
    assert set(made) == ALL_FILES - {"CA.srl"}
    assert {name for name in ALL_FILES if after[name] == before[name]} == {"AmazonRootCA1.pem"}
    assert store.client("device").certificate.serial == last + 1


RSA_KEY = make_rsa_private_key()


class Killed(BaseException):
    """The run ends here."""


def killing(at: int, *, before: bool) -> Callable[..., None]:
    """A `write` that ends the run at its ``at``-th file, before it is put in place or after."""
    calls = 0

    def write(path: Path, data: bytes, mode: int = files.PUBLIC_MODE, *, overwrite: bool = False) -> None:
        nonlocal calls
        calls += 1
        if calls == at and before:
            path.with_name(f".{path.name}.part").write_bytes(data[:10])
            raise Killed
        real_write(path, data, mode, overwrite=overwrite)
        if calls == at:
            raise Killed

    return write


@pytest.mark.parametrize("overwrite", [False, True], ids=["first run", "overwriting"])
@pytest.mark.parametrize("before", [True, False], ids=["before the file is there", "after"])
@pytest.mark.parametrize("at", range(1, 16))
def test_run_killed_at_any_write_is_resumed(
    store: Keystore, monkeypatch: pytest.MonkeyPatch, at: int, before: bool, overwrite: bool
) -> None:
    monkeypatch.setattr("dicfix.keystore.store.make_rsa_private_key", lambda: RSA_KEY)  # making one takes long
    if overwrite:
        make_all(store)
    monkeypatch.setattr(files, "write", killing(at, before=before))
    with pytest.raises(Killed):
        make_all(store, overwrite=overwrite)
    monkeypatch.setattr(files, "write", real_write)
    make_all(store, overwrite=overwrite)
    assert names_in(store) == ALL_FILES
    ca = store.ca()
    certificates = [store.client("device").certificate, store.client("explorer").certificate]
    certificates.append(store.verification().certificate)
    assert all(each.signed_by(ca.certificate) for each in certificates)
    assert len({each.serial for each in certificates}) == 3


def test_number_of_writes_is_what_the_kills_above_cover(store: Keystore, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    def write(path: Path, data: bytes, mode: int = files.PUBLIC_MODE, *, overwrite: bool = False) -> None:
        written.append(path.name)
        real_write(path, data, mode, overwrite=overwrite)

    monkeypatch.setattr(files, "write", write)
    make_all(store)
    assert len(written) == 15


def test_files_of_the_real_openssl_are_accepted_and_kept(tmp_path: Path) -> None:
    openssl_makes_the_guides_files(tmp_path, registration_code=CODE)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    store = Keystore(tmp_path)
    found, made = make_all(store)
    assert made == ["AmazonRootCA1.pem"]
    assert set(found) == ALL_FILES - {"CA.srl", "AmazonRootCA1.pem"}
    assert all((tmp_path / name).read_bytes() == data for name, data in before.items())


def test_openssl_goes_on_with_our_directory(store: Keystore) -> None:
    make_all(store)
    last = store.verification().certificate.serial
    ca = "-CA CA.crt -CAkey CA.key -CAcreateserial"
    openssl(f"x509 -req -in device.csr {ca} -out second.crt -days 360", cwd=store.directory)
    assert read_certificate((store.directory / "second.crt").read_bytes()).serial == last + 1
    assert store.ensure_client("plug").material.certificate.serial == last + 2


def test_openssl_answers_typed_twice_are_accepted_with_a_remark(tmp_path: Path) -> None:
    openssl_makes_the_guides_files(tmp_path, ca_subject="/O=Acme", clients={"device": "/O=Acme"})
    kept = Keystore(tmp_path).ensure_client("device")
    assert kept.made == ()
    assert kept.notes == ("device.crt has the CA's own subject: openssl verify takes it for self-signed",)


def test_subject_of_the_ca_is_refused_before_anything_is_written(store: Keystore) -> None:
    store.ensure_ca("/CN=Acme")
    with pytest.raises(MaterialError, match="is the CA's own"):
        store.ensure_client("device", "/CN=ACME")
    assert names_in(store) == {"CA.key", "CA.crt"}
    assert store.ensure_client("device", "/CN=Acme", same_subject=True).material.certificate.looks_self_signed()


def test_versions_1_and_3_are_made_as_asked(store: Keystore) -> None:
    store.ensure_ca()
    assert store.ensure_client("device").material.certificate.version == 1
    assert store.ensure_client("plug", version=3).material.certificate.version == 3


def test_expired_and_early_certificates_are_found_with_a_remark(store: Keystore) -> None:
    store.ensure_ca()
    store.ensure_client("device")
    later = Keystore(store.directory, clock=lambda: NOW + timedelta(days=361))
    earlier = Keystore(store.directory, clock=lambda: NOW - timedelta(days=1))
    assert later.ensure_client("device").notes == ("device.crt expired on 2027-02-27",)
    assert earlier.ensure_ca().notes == ("CA.crt is not valid before 2026-03-04 05:06 UTC",)


def test_another_subject_than_asked_for_is_kept_with_a_remark(store: Keystore) -> None:
    store.ensure_ca()
    store.ensure_client("device", "/CN=one")
    assert store.ensure_client("device", "/CN=two").notes == ("device.crt keeps its subject CN=one",)
    (store.directory / "device.crt").unlink()
    kept = store.ensure_client("device", "/CN=two")
    assert kept.notes == ("device.csr keeps its subject CN=one",)
    assert kept.material.certificate.subject == "CN=one"


def test_missing_signing_request_is_made_again_from_key_and_certificate(store: Keystore) -> None:
    store.ensure_ca()
    store.ensure_client("device", "/CN=one")
    (store.directory / "device.csr").unlink()
    assert store.client("device").request.subject == "CN=one"
    assert "device.csr" not in names_in(store)
    assert store.ensure_client("device", "/CN=two").made == ("device.csr",)
    assert store.client("device").request.subject == "CN=one"


def test_key_open_to_others_is_found_with_a_remark(store: Keystore) -> None:
    store.ensure_ca()
    (store.directory / "CA.key").chmod(0o644)
    assert store.ensure_ca().notes == ("CA.key is open to others than its owner: chmod 600 CA.key",)


def test_two_runs_at_once_share_one_ca_and_no_serial(tmp_path: Path) -> None:
    errors: list[BaseException] = []

    def onboard(stem: str) -> None:
        try:
            store = Keystore(tmp_path)
            store.ensure_ca()
            store.ensure_client(stem)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            errors.append(error)

    stems = [f"thing{number}" for number in range(8)]
    threads = [threading.Thread(target=onboard, args=(stem,)) for stem in stems]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    store = Keystore(tmp_path)
    ca = store.ca()
    made = [store.client(stem).certificate for stem in stems]
    assert all(each.signed_by(ca.certificate) for each in made)
    assert len({each.serial for each in made}) == 8


STRANGER = make_ca("/CN=stranger", now=NOW)
STRANGERS = issue_client(STRANGER, "/CN=device", now=NOW)


def wrong_set(case: str, store: Keystore) -> None:
    """Spoil the set that ``store`` made."""
    at = store.directory
    spoils: dict[str, Callable[[], object]] = {
        "key of another": lambda: (at / "device.key").write_text(STRANGERS.key.pem),
        "certificate of another key": lambda: (at / "device.crt").write_text(STRANGERS.certificate.pem),
        "RSA client key": lambda: (at / "device.key").write_text(RSA_KEY.pem),
        "another CA": lambda: [
            (at / "CA.key").write_text(STRANGER.key.pem),
            (at / "CA.crt").write_text(STRANGER.certificate.pem),
        ],
        "CA key of another": lambda: (at / "CA.key").write_text(STRANGER.key.pem),
        "RSA CA key": lambda: (at / "CA.key").write_text(RSA_KEY.pem),
        "leaf as CA": lambda: (at / "CA.crt").write_text(STRANGERS.certificate.pem),
        "no client key": (at / "device.key").unlink,
        "no CA key": (at / "CA.key").unlink,
        "no CA": lambda: [(at / "CA.key").unlink(), (at / "CA.crt").unlink()],
        "empty certificate": lambda: (at / "device.crt").write_text(""),
        "key in the certificate": lambda: (at / "device.crt").write_text(STRANGERS.key.pem),
        "CSR of another": lambda: (at / "device.csr").write_text(STRANGERS.request.pem),
        "damaged serial file": lambda: [(at / "CA.srl").write_text("none"), (at / "device.crt").unlink()],
    }
    spoils[case]()


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("key of another", "device.csr was not made from device.key"),
        ("certificate of another key", "device.crt was not made from device.key"),
        ("RSA client key", "device.key is a key of kind RSA 2048"),
        ("another CA", "device.crt was not signed by CA.crt; its issuer is CN=DIC CA"),
        ("CA key of another", "CA.crt was not made from CA.key"),
        ("RSA CA key", "CA.key is a key of kind RSA 2048"),
        ("leaf as CA", "CA.crt (CN=device) is a leaf"),
        ("no client key", "device.crt is there, but device.key is not"),
        ("no CA key", "CA.key is not in the certificate directory"),
        ("no CA", "CA.key is not in the certificate directory"),
        ("empty certificate", "device.crt is empty"),
        ("key in the certificate", "device.crt holds a private key"),
        ("CSR of another", "device.csr was not made from device.key"),
        ("damaged serial file", "CA.srl does not hold a serial number"),
    ],
)
def test_set_that_does_not_fit_together_is_refused_and_left_alone(store: Keystore, case: str, words: str) -> None:
    store.ensure_ca()
    store.ensure_client("device")
    wrong_set(case, store)
    before = {path.name: path.read_bytes() for path in store.directory.iterdir()}
    with pytest.raises(MaterialError) as refused:
        store.ensure_client("device")
    assert words in refused.value.observed
    assert {path.name: path.read_bytes() for path in store.directory.iterdir()} == before


def test_verification_key_is_made_anew_unless_one_is_given(tmp_path: Path) -> None:
    sets = {}
    for name, given in (("a", None), ("b", None), ("c", lambda: RSA_KEY), ("d", lambda: RSA_KEY)):
        store = Keystore(tmp_path / name, verification_key=given)
        store.ensure_ca()
        sets[name] = store.ensure_verification(CODE).material
    assert len({sets[name].key.pem for name in ("a", "b", "c")}) == 3
    assert sets["c"].key == sets["d"].key == RSA_KEY
    assert sets["c"].certificate != sets["d"].certificate


def test_verification_set_of_another_code_is_refused_at_every_stage(store: Keystore) -> None:
    ca = store.ensure_ca().material
    other = issue_verification(ca, "f" * 64, now=NOW)
    for name, text in (
        ("verification_cert.key", other.key.pem),
        ("verification_cert_csr.csr", other.request.pem),
        ("verification_cert.pem", other.certificate.pem),
    ):
        (store.directory / name).write_text(text)
    with pytest.raises(MaterialError, match="was made for another registration code"):
        store.ensure_verification(CODE)
    (store.directory / "verification_cert.pem").unlink()
    with pytest.raises(MaterialError, match=r"verification_cert_csr\.csr was made for another registration code"):
        store.ensure_verification(CODE)
    assert "verification_cert.pem" not in names_in(store)
    assert store.ensure_verification(CODE, overwrite=True).material.certificate.common_name == CODE


def test_other_certificate_as_server_root_is_refused(store: Keystore) -> None:
    store.ensure_ca()
    (store.directory / "AmazonRootCA1.pem").write_text(STRANGER.certificate.pem)
    with pytest.raises(MaterialError, match=r"AmazonRootCA1\.pem holds a certificate of CN=stranger"):
        store.ensure_server_root()


def test_generated_text_is_kept_and_0600_where_it_holds_a_key(store: Keystore) -> None:
    source = store.ensure_text("dic_nvm_cert.cpp", "text", holds_key=True)
    header = store.ensure_text("dic_config.h", "text", holds_key=False)
    assert stat.S_IMODE(source.material.stat().st_mode) == 0o600
    assert (header.material.read_text(), header.made) == ("text", ("dic_config.h",))
    assert store.ensure_text("dic_config.h", "text", holds_key=False).found == ("dic_config.h",)
    with pytest.raises(MaterialError, match=r"dic_config\.h is already there"):
        store.ensure_text("dic_config.h", "other", holds_key=False)
    assert header.material.read_text() == "text"
    assert store.ensure_text("dic_config.h", "other", holds_key=False, overwrite=True).made == ("dic_config.h",)
    assert header.material.read_text() == "other"
