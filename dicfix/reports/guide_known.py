"""The wording of the editions' pages, as far as it is known: a hash for each statement, never the words.

Made with ``guide_text``: page, step number, hashes of its statements in order. Imports nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

KNOWN: Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "2023-06": {
        "AWS CA certificate registration": {
            "1": ("33528f2304fd",),
            "2": ("6427e8404d80",),
            "3": ("b1c29b97f65a",),
            "4": (
                "28ad9a10118c",
                "36dc85b17068",
                "0a10e96bfefa",
                "f395596d3e2b",
                "36e05183199e",
            ),
            "5": (
                "6b3eea455505",
                "021fb596db81",
                "d31d70603958",
                "601cf8382b66",
                "021fb596db81",
                "fec8c9c4acaf",
                "d7f6c118ba61",
                "3d0c1e519fa0",
                "d10b36aa74a5",
                "cfae0d4248f7",
                "d10b36aa74a5",
                "d939f92fdc41",
            ),
            "6": (
                "4d9725f4579f",
                "ff84a07b5dac",
                "2d6d747865a3",
                "ba6728c40a37",
                "c6b336b64828",
                "b7342463f0b2",
                "d12b7aa47dd6",
                "8863388e7ebb",
            ),
            "7": (
                "99e97c4a1106",
                "7248f21ec583",
                "7bf59801eafa",
            ),
            "8": ("bfe856028aca",),
        },
    },
    "2023-08": {
        "AWS CA certificate registration": {
            "1": ("33528f2304fd",),
            "2": ("6427e8404d80",),
            "3": ("b1c29b97f65a",),
            "4": (
                "28ad9a10118c",
                "36dc85b17068",
                "0a10e96bfefa",
                "f395596d3e2b",
                "36e05183199e",
            ),
            "5": (
                "6b3eea455505",
                "021fb596db81",
                "d31d70603958",
                "601cf8382b66",
                "021fb596db81",
                "fec8c9c4acaf",
                "d7f6c118ba61",
                "3d0c1e519fa0",
                "d10b36aa74a5",
                "cfae0d4248f7",
                "d10b36aa74a5",
                "d939f92fdc41",
            ),
            "6": (
                "4d9725f4579f",
                "ff84a07b5dac",
                "2d6d747865a3",
                "ba6728c40a37",
                "c6b336b64828",
                "b7342463f0b2",
                "d12b7aa47dd6",
                "8863388e7ebb",
            ),
            "7": (
                "99e97c4a1106",
                "7248f21ec583",
                "7bf59801eafa",
            ),
            "8": ("bfe856028aca",),
        },
        "How to create AWS OTA job": {
            "1": ("cc42eb3c8423",),
            "2": ("ee0466001911",),
            "3": ("d155d2bbb80b",),
            "4": ("e901e6192b9e",),
            "5": ("08873e03277e",),
            "6": ("02d4d6da47f5",),
            "7": ("06b08dc6f071",),
            "8": ("46514a40c718",),
            "9": (
                "de3b86515b71",
                "3263697b8ae8",
                "a6fab7a1efeb",
                "3bb27ad47c83",
            ),
            "10": ("157b8da716a2",),
            "11": ("65adb69ccefb",),
            "12": ("e4191e472f44",),
            "13": ("a2df1894864d",),
            "14": ("4b8d15253709",),
            "15": (
                "419f6543f1f4",
                "70ab2ee7988f",
            ),
        },
    },
}
