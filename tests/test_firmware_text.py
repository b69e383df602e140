"""C strings out and back, and the files of the firmware read as a compiler would."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicfix.errors import MaterialError
from dicfix.firmware import read_certificate_source, read_firmware, read_header
from dicfix.firmware.c_text import active_text, c_lines, c_literal, read_literals
from dicfix.firmware.profiles import profile

_TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=200)

HEADER = r"""
#ifndef __DIC_CONFIG_H
#define __DIC_CONFIG_H   // "not a string"
/* don't be fooled: #define DIC_CLIENT_ID "commented"
*/
#define USE_AWS 1
#define USE_MOSQUITTO 0
#define STACK (2*1024) //2k
#define DIC_SERVER_PORT	8883
#define DIC_KEEP_ALIVE (0)
#if USE_AWS
#define DIC_CLIENT_ID "SQA_" \
    "DIC_C2"
#define DIC_CLIENT_USER NULL
#elif USE_MOSQUITTO
#define DIC_CLIENT_ID "test_client"
#if WHATEVER(this) is
#endif
#endif
#endif // __DIC_CONFIG_H
"""
SOURCE = r"""
#include "dic_config.h"
#include <lib/core/CHIPError.h>
#define USE_AWS 1
#if USE_AWS
#define DIC_SERVER_HOST	"a1-ats.iot.eu-west-1.amazonaws.com"
char ca_certificate[] = "-----BEGIN;\n" /* ; */
"ca\n"
"-----END\r\n";
const char device_certificate[1212] = "\x2d\055-";
char *device_key = KEY;
#else
#define DIC_SERVER_HOST ""
char ca_certificate[] = "";
#endif
int get(char * buf) { if (ca_certificate == buf) { buf = device_key; } return sizeof(device_certificate); }
"""


@given(_TEXTS)
def test_every_text_comes_back_from_its_c_literals(text: str) -> None:
    for written in (c_literal(text), c_lines(text)):
        assert written.isascii()
        assert "??" not in written
        assert read_literals(written, {}, "it") == text


@given(_TEXTS)
def test_every_text_comes_back_from_a_macro_and_an_array(text: str) -> None:
    found = read_certificate_source(
        f"#define DIC_SERVER_HOST {c_literal(text)}\nchar device_key[] =\n{c_lines(text)};\n"
    )
    assert (found.server_host, found.device_key) == (text, text)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_one_clear_error(text: str) -> None:
    try:
        found = read_header(text, "dic_config.h")
    except MaterialError:
        return
    assert found.client_id is None or isinstance(found.client_id, str)


@given(st.text(st.sampled_from("\"\\x07n;=[]#\n/*'() "), max_size=60))
def test_any_value_of_an_array_is_read_or_refused_with_one_clear_error(value: str) -> None:
    try:
        found = read_header("char device_key[] = " + value, "dic_config.h")
    except MaterialError:
        return
    assert found.device_key is None or "\0" not in found.device_key


def test_header_is_read_as_the_compiler_sees_it() -> None:
    found = read_header(HEADER)
    assert (found.client_id, found.server_port, found.keep_alive_s) == ("SQA_DIC_C2", 8883, 0)
    assert (found.server_host, found.device_key) == (None, None)


def test_certificate_source_is_read_as_the_compiler_sees_it() -> None:
    header = read_header(HEADER.replace("#define STACK", '#define KEY "the key"\n#define STACK'))
    found = read_certificate_source(SOURCE, header)
    assert found.server_host == "a1-ats.iot.eu-west-1.amazonaws.com"
    assert found.ca_certificate == "-----BEGIN;\nca\n-----END\r\n"
    assert found.device_certificate == "---"
    assert found.device_key == "the key"
    assert found.client_id == "SQA_DIC_C2"
    assert "the key" not in repr(found)


def test_the_other_branch_is_read_where_the_header_chooses_it() -> None:
    source = SOURCE.replace("#define USE_AWS 1\n", "").replace("#else", "#elif USE_MOSQUITTO")
    header = read_header("#define USE_AWS 0\n#define USE_MOSQUITTO (1U)\n")
    found = read_certificate_source(source, header)
    assert (found.server_host, found.ca_certificate, found.device_key) == ("", "", None)
    with pytest.raises(MaterialError, match="no value for server_host, client_id, ca_certificate"):
        found.material()


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("#if 1", True),
        ("#if 0", False),
        ("#if A", True),
        ("#if B", False),
        ("#if UNKNOWN", False),
        ("#if !UNKNOWN", True),
        ("#if defined(A) && !defined(B)", False),
        ("#if defined A || UNKNOWN", True),
        ("#if A == 1", True),
        ("#if A != 0x1", False),
        ("#if (A)", True),
        ("#ifdef B", True),
        ("#ifndef B", False),
        ("#ifdef UNKNOWN", False),
        ("#if C", True),
    ],
)
def test_conditions_hold_as_in_c(condition: str, holds: bool) -> None:
    macros = {"A": "1", "B": "0", "C": "A"}
    text = f"{condition}\nyes\n#else\nno\n#endif\n"
    assert active_text(text, macros, "it").split() == (["yes"] if holds else ["no"])


def test_macro_taken_back_is_not_defined() -> None:
    assert read_header('#define DIC_CLIENT_ID "a"\n#undef DIC_CLIENT_ID\n').client_id is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#if USE_AWS\n", "has an #if without #endif"),
        ("#endif\n", "has an #endif without #if"),
        ("#else\n", "has an #else without #if"),
        ("#if A + B > 2\n#endif", "a condition that dicfix cannot follow"),
        ('#define DIC_CLIENT_ID "a"\n#define DIC_CLIENT_ID "b"', "defines DIC_CLIENT_ID twice with different values"),
        ("#define DIC_CLIENT_ID NULL", "DIC_CLIENT_ID in dic_config.h is not given as C strings"),
        ("#define DIC_CLIENT_ID", "DIC_CLIENT_ID in dic_config.h has no value"),
        ("#define DIC_CLIENT_ID DIC_CLIENT_ID", "is not given as C strings"),
        ('#define DIC_CLIENT_ID "a', "is not given as C strings"),
        ('#define DIC_CLIENT_ID "\\q"', "has an escape that C does not know"),
        ('#define DIC_CLIENT_ID "\\x100"', "has an escape that C does not know"),
        ('#define DIC_CLIENT_ID "a\\0b"', "holds a zero byte"),
        ('#define DIC_CLIENT_ID "\\xff"', "is not UTF-8 text"),
        ('char device_key[] = "a";\nchar device_key[] = "b";', "gives device_key twice"),
        ('char device_key[] = "a"', "device_key is not ended by a semicolon"),
        ("char device_key[] = { 1, 2 };", "device_key in dic_config.h is not given as C strings"),
    ],
)
def test_header_that_cannot_be_followed_is_refused_with_one_sentence(text: str, words: str) -> None:
    with pytest.raises(MaterialError) as refused:
        read_header(text)
    assert words in refused.value.observed


@pytest.mark.parametrize("write", [c_literal, c_lines])
def test_zero_character_cannot_be_written(write: Callable[[str], str]) -> None:
    with pytest.raises(MaterialError, match="zero character"):
        write("a\0b")


def test_missing_file_of_a_profile_is_named() -> None:
    with pytest.raises(MaterialError, match=r"dic_nvm_cert\.cpp is missing"):
        read_firmware(profile("2023-08"), {"dic_config.h": HEADER})
    assert read_firmware(profile("2023-06"), {"dic_config.h": HEADER}).client_id == "SQA_DIC_C2"
