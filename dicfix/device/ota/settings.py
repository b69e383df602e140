"""What an OTA agent is built with, as data. Pure standard library.

Source: facts, OTA 1.4 and 1.7; the guide's firmware settings (block 2^10, one a request, 10 s, 32 requests, every 25).
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """An application's version as OTA agents write it."""

    major: int
    minor: int
    build: int

    @classmethod
    def from_number(cls, number: int) -> Version:
        """From major<<24 | minor<<16 | build."""
        return cls(number >> 24 & 0xFF, number >> 16 & 0xFF, number & 0xFFFF)

    @property
    def number(self) -> int:
        """As major<<24 | minor<<16 | build."""
        return self.major << 24 | self.minor << 16 | self.build

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.build}"


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """One agent's settings.

    ``verifies`` off is the published firmware's short flow: no signature, no block check, no self test, success after
    the last block, then shutdown. ``windowed`` moves the request's offset along once a file has more blocks than the
    bitmap; off, such a file stalls. ``job_message_bytes`` is the largest job message taken; longer ones are not seen.
    ``zero_text`` is how the first client token's number 0 is printed.
    """

    name: str
    block_bytes: int = 1024
    blocks_per_request: int = 1
    status_every_blocks: int = 25
    request_wait_s: float = 10.0
    requests_without_answer: int = 32
    self_test_wait_s: float = 16.0
    bitmap_bytes: int = 128
    signature_key: str = "sig-sha256-ecdsa"
    data_format: str = "cbor"
    verifies: bool = True
    windowed: bool = True
    reconnects: bool = True
    repeats_job_request: bool = True
    job_message_bytes: int | None = None
    thing_name_bytes: int = 64
    zero_text: str = "0"

    def with_blocks(self, block_bytes: int, blocks_per_request: int) -> AgentSettings:
        """The same agent with other blocks (AWS's demo: 4096 bytes, 8 a request)."""
        return replace(self, block_bytes=block_bytes, blocks_per_request=blocks_per_request)


STRICT = AgentSettings("strict")
FIRMWARE = AgentSettings(
    "firmware",
    verifies=False,
    windowed=False,
    reconnects=False,
    repeats_job_request=False,
    job_message_bytes=1152,
    zero_text="",
)
"""As published in 2023 (git mirror release_2.3.1-1.3). The job message's size is the demo's network buffer."""
