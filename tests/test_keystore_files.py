"""Single files of the certificate directory, and their names."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from dicfix.errors import MaterialError, UsageError
from dicfix.keystore import Keystore, client_files, stems
from dicfix.keystore.files import locked, read_if_there, remove, write


def test_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_if_there(tmp_path / "CA.key") is None


def test_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("x")
    (tmp_path / "CA.key").symlink_to(tmp_path / "real")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("CA.key", "dangling"):
        with pytest.raises(MaterialError, match=f"{name} is a symbolic link"):
            read_if_there(tmp_path / name)
        with pytest.raises(MaterialError, match=f"{name} is already there"):
            write(tmp_path / name, b"new")
    assert (tmp_path / "real").read_text() == "x"


def test_directory_and_pipe_are_refused(tmp_path: Path) -> None:
    (tmp_path / "CA.key").mkdir()
    os.mkfifo(tmp_path / "CA.crt")
    for name in ("CA.key", "CA.crt"):
        with pytest.raises(MaterialError, match=f"{name} is a directory or a device"):
            read_if_there(tmp_path / name)
    with pytest.raises(MaterialError, match=r"CA\.key is already there"):
        write(tmp_path / "CA.key", b"new")
    with pytest.raises(MaterialError, match=r"CA\.key cannot be written"):
        write(tmp_path / "CA.key", b"new", overwrite=True)
    with pytest.raises(MaterialError, match=r"CA\.key cannot be removed"):
        remove(tmp_path / "CA.key")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["CA.crt", "CA.key"]


def test_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "CA.key").write_text("x")

    def denied(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("dicfix.keystore.files.os.open", denied)
    with pytest.raises(MaterialError, match=r"CA\.key cannot be read: Permission denied"):
        read_if_there(tmp_path / "CA.key")


def test_file_of_more_than_a_mebibyte_is_refused(tmp_path: Path) -> None:
    (tmp_path / "CA.key").write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(MaterialError, match="larger than 1 MiB"):
        read_if_there(tmp_path / "CA.key")


def test_file_system_without_hard_links_keeps_existing_files_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("dicfix.keystore.files.os.link", no_links)
    write(tmp_path / "CA.key", b"first", 0o600)
    with pytest.raises(MaterialError, match="already there"):
        write(tmp_path / "CA.key", b"second", 0o600)
    assert (tmp_path / "CA.key").read_bytes() == b"first"
    assert (tmp_path / "CA.key").stat().st_mode & 0o777 == 0o600


def test_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("dicfix.keystore.files.os.link", full)
    with pytest.raises(MaterialError, match=r"CA\.key cannot be written: No space left on device"):
        write(tmp_path / "CA.key", b"x", 0o600)
    assert list(tmp_path.iterdir()) == []


def test_part_left_by_a_killed_run_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / ".CA.key.part").write_text("half")
    write(tmp_path / "CA.key", b"whole", 0o600)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"CA.key": b"whole"}


def test_directory_is_made_for_its_owner_and_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    with locked(tmp_path / "a" / "certificates"):
        assert (tmp_path / "a" / "certificates").stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").write_text("x")
    with pytest.raises(MaterialError, match="file is not a directory"):
        Keystore(tmp_path / "file").ensure_ca()


def test_each_client_has_its_own_file_names() -> None:
    device = client_files("SQA_DIC_C3")
    assert (device.key, device.request, device.certificate) == ("SQA_DIC_C3.key", "SQA_DIC_C3.csr", "SQA_DIC_C3.crt")


@pytest.mark.parametrize("stem", ["", "a/b", "../x", ".", "a b", "x" * 129, "CA", "ca", "verification_cert", "ä"])
def test_name_that_fits_no_file_or_thing_is_refused(stem: str) -> None:
    with pytest.raises(UsageError):
        client_files(stem)


def test_first_device_and_explorer_have_the_guides_names() -> None:
    given = stems(["SQA_DIC_C2", "SQA_DIC_C3"], "DIC_EXPLORER")
    assert given == {"SQA_DIC_C2": "device", "SQA_DIC_C3": "SQA_DIC_C3", "DIC_EXPLORER": "explorer"}


@pytest.mark.parametrize(
    ("devices", "explorer", "words"),
    [
        (["a", "a"], None, "'a' is given twice"),
        (["a"], "a", "'a' is given twice"),
        (["a", "device"], None, r"files device\.\* would belong to two things"),
        (["a", "Device"], None, r"files Device\.\* would belong to two things"),
        (["a", "explorer"], "e", r"files explorer\.\* would belong to two things"),
        (["a", "b", "B"], None, r"files B\.\* would belong to two things"),
        (["a b"], None, "'a b' is no thing name"),
    ],
)
def test_two_things_for_one_set_of_files_are_refused(devices: list[str], explorer: str | None, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        stems(devices, explorer)
