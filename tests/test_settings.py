"""Settings: the guide's names by default, and one clear error for every wrong key and value of dic.toml."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicfix import settings as module
from dicfix.errors import UsageError
from dicfix.settings import OFFLINE_DEADLINES, Deadlines, Settings, read_file, settings_from

ENDPOINT = {"endpoint_url": "http://127.0.0.1:1", "mqtt_endpoint": "127.0.0.1:2", "server_ca": "root.pem"}


@pytest.fixture
def toml(tmp_path):
    def write(text: str | bytes) -> Path:
        path = tmp_path / "dic.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_the_guides_own_names_are_the_defaults():
    found = settings_from({})
    assert (found.edition, found.policy_name, found.devices, found.explorer_name) == (
        "2023-08", "DIC_POLICY", ("SQA_DIC_C2",), "DIC_EXPLORER",
    )  # fmt: skip
    assert (found.mode, found.target, found.account, found.region) == ("onboard", "offline", "", "eu-west-1")


def test_the_first_edition_has_its_own_device_and_firmware():
    found = settings_from({"edition": "2023-06"})
    assert (found.devices, found.firmware_profile) == (("DIC_2",), "2023-06")
    assert settings_from({"edition": "2023-06", "devices": ("A",)}).devices == ("A",)


def test_what_is_none_counts_as_not_given():
    assert settings_from({"region": None}).region == "eu-west-1"


def test_deadlines_are_long_on_aws_and_short_offline():
    assert settings_from({}).deadlines == OFFLINE_DEADLINES
    assert settings_from({"target": "aws"}).deadlines == Deadlines()
    assert Deadlines().policy_effect_s == 600
    assert Deadlines().detach_s == 360


def test_every_key_of_the_file_is_a_setting_and_is_read(toml):
    text = """
        edition = "2024-04"
        directory = "material"
        [aws]
        region = "us-east-1"
        account = "123456789012"
        endpoint_url = "http://127.0.0.1:5000"
        mqtt_endpoint = "127.0.0.1:8883"
        server_ca = "root.pem"
        exclusive_account = true
        [ca]
        certificate_id = "%s"
        subject = "/CN=My CA"
        [policy]
        name = "MINE"
        [devices]
        names = ["A", "B"]
        subject = "/CN={thing}"
        real_boards = ["C"]
        firmware_profile = "2023-06"
        certificate_version = 3
        [explorer]
        name = "E"
        subject = "CN=E,O=Acme"
    """ % ("a" * 64)
    path = toml(text)
    found = settings_from(read_file(path))
    assert found.directory == path.parent / "material"
    assert found.server_ca == str(path.parent / "root.pem")
    assert (found.region, found.account, found.policy_name, found.devices) == (
        "us-east-1",
        "123456789012",
        "MINE",
        ("A", "B"),
    )
    assert (found.real_boards, found.client_certificate_version, found.explorer_name) == (("C",), 3, "E")
    assert found.exclusive_account is True
    assert set(module._KEYS.values()) <= {field.name for field in fields(Settings)}


def test_a_path_that_is_absolute_stays(toml):
    assert read_file(toml('directory = "/elsewhere/certificates"'))["directory"] == Path("/elsewhere/certificates")


WRONG_FILES = {
    "not TOML": ("edition = ", r"dic\.toml is not TOML: .*end of document"),
    "half a table": ("[aws\nregion = 'x'", r"dic\.toml is not TOML"),
    "a key twice": ("edition = '2023-08'\nedition = '2023-08'", r"dic\.toml is not TOML"),
    "not UTF-8": (b"edition = '\xff'", r"dic\.toml cannot be read: is not UTF-8"),
    "an unknown key": ("editon = '2023-08'", r"unknown key 'editon'.*Expected: edition"),
    "an unknown key of a table": ("[aws]\nregoin = 'eu-west-1'", r"unknown key 'aws\.regoin'"),
    "an unknown table": ("[azure]", r"unknown key 'azure'"),
    "a table for a value": ("[edition]\nname = '2023-08'", r"unknown key 'edition\.name'"),
    "a value for a table": ("devices = ['A']", r"unknown key 'devices'"),
    "a number for a text": ("edition = 2023", r"edition is 2023\. Expected: a text"),
    "a text for a list": ("[devices]\nnames = 'A'", r"devices\.names is 'A'\. Expected: a list of texts"),
    "a list of numbers": ("[devices]\nnames = [1]", r"devices\.names is \[1\]\. Expected: a list of texts"),
    "a text for yes or no": ("[aws]\nexclusive_account = 'yes'", r"Expected: true or false"),
    "a number for yes or no": ("[aws]\nexclusive_account = 1", r"Expected: true or false"),
    "yes for a number": ("[devices]\ncertificate_version = true", r"Expected: a whole number"),
    "a number for a path": ("directory = 7", r"directory is 7\. Expected: a text"),
    "a date": ("edition = 2023-08-01", r"Expected: a text"),
}


@pytest.mark.parametrize("what", WRONG_FILES)
def test_a_file_that_cannot_be_meant_has_its_own_error(toml, what):
    text, told = WRONG_FILES[what]
    path = toml(text)
    with pytest.raises(UsageError, match=told) as caught:
        read_file(path)
    assert str(path.parent) not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_a_folder_is_told_without_its_path(tmp_path):
    with pytest.raises(UsageError, match=r"^dic\.toml cannot be read: No such file"):
        read_file(tmp_path / "dic.toml")
    with pytest.raises(UsageError, match="cannot be read: Is a directory") as caught:
        read_file(tmp_path)
    assert str(tmp_path.parent) not in str(caught.value)


WRONG = [
    ({"edition": "1999"}, "edition is '1999'. Expected: one of 2023-06, 2023-08, 2024-04"),
    ({"target": "mars"}, "one of offline, aws"),
    ({"mode": "watch"}, "one of onboard, audit"),
    ({"region": "Europe"}, "an AWS Region such as eu-west-1"),
    ({"region": "eu-west-1\n"}, "an AWS Region"),
    ({"account": "12"}, "twelve digits"),
    ({"account": "\u0661" * 12}, "twelve digits"),
    ({"account": 123456789012}, "twelve digits"),
    ({"policy_name": "DIC POLICY"}, "a policy name"),
    ({"policy_name": ""}, "a policy name"),
    ({"policy_name": "x" * 129}, "a policy name"),
    ({"devices": ("a b",)}, "devices[0] is 'a b'"),
    ({"devices": ("ok", "ä")}, "devices[1] is 'ä'"),
    ({"devices": ()}, "nothing is never green"),
    ({"devices": ("A", "A")}, "unique, since each is a client ID"),
    ({"devices": ("DIC_EXPLORER",)}, "unique, since each is a client ID"),
    ({"explorer_name": ""}, "a thing name"),
    ({"explorer_name": "x" * 129}, "a thing name"),
    ({"real_boards": ("a/b",)}, "real_boards[0] is 'a/b'"),
    ({"ca_certificate_id": "ABC"}, "64 lower-case hexadecimal digits"),
    ({"ca_subject": "DIC CA"}, "an X.500 name with a common name"),
    ({"ca_subject": "/CN="}, "an X.500 name with a common name"),
    ({"device_subject": "/O=x\n/CN=y"}, "an X.500 name with a common name"),
    ({"explorer_subject": 7}, "an X.500 name with a common name"),
    ({"client_certificate_version": 2}, "one of 1, 3"),
    ({"firmware_profile": "2024-04"}, "one of 2023-06, 2023-08"),
    ({"target": "aws", **ENDPOINT, "endpoint_url": "127.0.0.1:5000"}, "an address such as http://"),
    ({"target": "aws", **ENDPOINT, "endpoint_url": "ftp://x"}, "an address such as http://"),
    ({"target": "aws", **ENDPOINT, "endpoint_url": "http://x:70000"}, "an address such as http://"),
    ({"target": "aws", **ENDPOINT, "mqtt_endpoint": "localhost"}, "HOST:PORT"),
    ({"target": "aws", **ENDPOINT, "mqtt_endpoint": "localhost:0"}, "HOST:PORT"),
    ({"target": "aws", **ENDPOINT, "mqtt_endpoint": "localhost:65536"}, "HOST:PORT"),
    ({"target": "aws", "real_boards": ("SQA_DIC_C2",)}, "boards that this run does not impersonate"),
    ({"target": "aws", "real_boards": ("DIC_EXPLORER",)}, "boards that this run does not impersonate"),
    *(({"target": "aws", **ENDPOINT, name: ""}, "an endpoint is given in part") for name in ENDPOINT),
    ({"target": "aws", "mode": "audit", "server_ca": "x"}, "an endpoint is given in part"),
]


@pytest.mark.parametrize(("values", "told"), WRONG, ids=[f"{n}-{'-'.join(one)}" for n, (one, _) in enumerate(WRONG)])
def test_a_value_that_cannot_be_meant_has_its_own_error(values, told):
    with pytest.raises(UsageError) as caught:
        settings_from(values)
    assert told in str(caught.value)
    assert caught.value.exit_code == 2


def test_an_audit_needs_no_mqtt_endpoint_and_may_see_real_boards():
    found = settings_from(
        {"target": "aws", "mode": "audit", "endpoint_url": "https://x/y", "real_boards": ("SQA_DIC_C2",)}
    )
    assert found.endpoint_url == "https://x/y"


def test_offline_takes_a_file_that_is_written_for_target_aws():
    assert settings_from({**ENDPOINT, "mqtt_endpoint": "", "real_boards": ("SQA_DIC_C2",)}).target == "offline"


@given(
    st.text(max_size=12), st.sampled_from(("edition", "region", "account", "policy_name", "ca_subject", "endpoint_url"))
)
def test_no_text_at_all_gets_another_error_than_ours(text, name):
    told = ""
    try:
        settings_from({name: text, "target": "aws"})
    except UsageError as error:
        told = str(error)
    assert "\n" not in told


@given(st.text(max_size=40))
def test_no_file_at_all_gets_another_error_than_ours(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    told = ""
    try:
        read_file(path)
    except UsageError as error:
        told = str(error)
    assert str(path.parent) not in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[aws]\nregoin = "x"', "unknown key 'aws.regoin'. Expected: aws.region. Do: correct it or take it out"),
        ("aws = 1", "unknown key 'aws'. Expected: one of aws.region, aws.account,"),
        ("[devices.names]\nx = 1", "unknown key 'devices.names.x'. Expected: devices.names. Do:"),
        ("accounts = 3", "Expected: tables [[accounts]] with account, role and regions. Do: correct [[accounts]]"),
        ("[[accounts]]\nx = 1", "accounts[0] has the unknown key 'x'. Expected: one of account, role"),
        ('directory = "a\\u0000b"', "directory is 'a\\x00b'. Expected: a text without the character U+0000"),
        ('[devices]\nnames = ["a\\u0000b"]', "Expected: a text without the character U+0000"),
    ],
)
def test_a_wrong_key_is_told_with_the_nearest_right_one_and_what_to_do(toml, text, told):
    with pytest.raises(UsageError) as caught:
        read_file(toml(text))
    assert told in str(caught.value)
    assert " Do: " in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("device_subject", "/CN={other}"), ("explorer_subject", "/O={}/CN=x"), ("ca_subject", "/CN={thing}")],
)
def test_a_place_in_a_subject_that_nothing_is_put_into_is_refused(name, value):
    with pytest.raises(UsageError, match=r"no braces but \{thing\}"):
        settings_from({name: value})
