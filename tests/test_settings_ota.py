"""Settings of the OTA half: names, defaults, and what is refused with a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dicfix.errors import UsageError
from dicfix.settings import GUIDE_OTA_DEVICES, Settings, ota_bucket, read_file, settings_from


def test_the_defaults_are_the_guides_names():
    settings = settings_from({})
    assert (settings.ota_role, settings.signing_profile) == ("ota_demo", "dic_ota_codesign")
    assert (settings.file_path_on_device, settings.signing_choice) == ("file.txt", "new")
    assert settings.ota_targets == GUIDE_OTA_DEVICES


def test_devices_that_are_given_are_the_ones_to_update_unless_some_are_chosen():
    assert settings_from({"devices": ("A", "B")}).ota_targets == ("A", "B")
    assert settings_from({"devices": ("A", "B"), "ota_devices": ("B",)}).ota_targets == ("B",)


def test_the_bucket_is_derived_from_account_and_region():
    assert ota_bucket(Settings(region="us-west-2"), "123456789012") == "ota-demo-123456789012-us-west-2"
    assert ota_bucket(settings_from({"bucket": "afr-ota-lights"}), "123456789012") == "afr-ota-lights"


def test_the_guides_bucket_name_is_refused_with_the_reason_and_never_mended():
    with pytest.raises(UsageError) as refused:
        settings_from({"bucket": "ota_demo"})
    assert refused.value.exit_code == 2
    for word in ("ota_demo", "underscore", "S3", "ota-demo-<account>-<region>"):
        assert word in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("bucket", "Ota-Demo", "ota.bucket"),
        ("bucket", "ab", "ota.bucket"),
        ("bucket", "a" * 64, "ota.bucket"),
        ("bucket", "ota..demo", "ota.bucket"),
        ("bucket", "192.168.0.1", "ota.bucket"),
        ("bucket", "-ota-demo", "ota.bucket"),
        ("bucket", "ota-demo\n", "ota.bucket"),
        ("ota_update_id", "light 1", "ota.update_id"),
        ("ota_update_id", "x" * 57, "ota.update_id"),
        ("ota_update_id", "light.1", "ota.update_id"),
        ("signing_choice", "unsigned", "ota.signing"),
        ("signing_profile", "dic-ota-codesign", "ota.signing_profile"),
        ("signing_profile", "d", "ota.signing_profile"),
        ("ota_role", "ota demo", "ota.role"),
        ("ota_role", "r" * 65, "ota.role"),
        ("file_path_on_device", "", "ota.file_path_on_device"),
        ("file_path_on_device", "file\n", "ota.file_path_on_device"),
        ("ota_devices", ("SQA DIC",), "ota.devices[0]"),
        ("ota_devices", ("DIC_2", "DIC_2"), "ota.devices[1]"),
        ("ota_thing_groups", ("lights!",), "ota.thing_groups[0]"),
    ],
)
def test_a_wrong_value_is_refused_by_what_dic_toml_calls_it(key, value, named):
    with pytest.raises(UsageError, match=f"^{re.escape(named)} is "):
        settings_from({key: value})


def test_an_image_that_is_not_there_is_refused_before_anything_is_done(tmp_path: Path):
    for missing in (tmp_path / "none.gbl", tmp_path):
        with pytest.raises(UsageError, match=r"^ota\.image is .*a file that is there"):
            settings_from({"image": str(missing)})


@pytest.mark.parametrize("update_id", ["x" * 56, "light-0_9_3", ""])
def test_a_name_that_leaves_room_for_the_prefix_is_taken(update_id):
    assert settings_from({"ota_update_id": update_id}).ota_update_id == update_id


def test_a_file_gives_all_of_them(tmp_path: Path):
    file = tmp_path / "dic.toml"
    (tmp_path / "light.gbl").write_bytes(b"")
    file.write_text(
        '[devices]\nnames = ["A", "B"]\n'
        '[ota]\ndevices = ["B"]\nthing_groups = ["lights"]\nupdate_id = "light-1"\nsigning = "custom"\n'
        'signing_profile = "lights"\nimage = "light.gbl"\nbucket = "afr-ota-lights"\n'
        'file_path_on_device = "fw.bin"\nrole = "lights"\n',
        encoding="utf-8",
    )
    settings = settings_from(read_file(file))
    assert settings.ota_targets == ("B",)
    assert settings.ota_thing_groups == ("lights",)
    assert settings.signing_choice == "custom"
    assert (settings.signing_profile, settings.ota_role, settings.bucket) == ("lights", "lights", "afr-ota-lights")
    assert (settings.ota_update_id, settings.file_path_on_device) == ("light-1", "fw.bin")
    assert settings.image == str(tmp_path / "light.gbl")
