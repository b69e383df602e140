"""One file being downloaded block by block: what to ask for next, what to do with a block. Sans-io.

Strict: blocks go where they belong and are checked. Firmware: blocks are appended as they come, in 64-byte chunks whose
last one is filled with zeros, and only the bitmap keeps a repeated block out. Source: facts, OTA 1.2 and 1.7.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from dicfix.device.ota.settings import AgentSettings

CLIENT_TOKEN = "rdy"  # noqa: S105 - AWS's agent's word for every request
FLASH_CHUNK_BYTES = 64


class Download:
    """The state of one download."""

    def __init__(self, settings: AgentSettings, file_id: int, size_bytes: int) -> None:
        self._settings = settings
        self._file_id = file_id
        self.size_bytes = size_bytes
        self.total_blocks = -(-size_bytes // settings.block_bytes)
        self.received_blocks = 0
        self.dropped_blocks = 0
        self._missing = self._full_bitmap()
        self._first = 0
        self._data = bytearray(size_bytes if settings.verifies else 0)
        self._outstanding = 0

    @property
    def complete(self) -> bool:
        """Whether every block is there."""
        return self.received_blocks == self.total_blocks

    @property
    def answered(self) -> bool:
        """Whether the last request has given all that it asked for."""
        return self._outstanding <= 0

    @property
    def image(self) -> bytes:
        """What was written so far."""
        return bytes(self._data)

    def request(self) -> bytes:
        """The next GetStream request."""
        offset, bitmap = self._window()
        count = min(self._settings.blocks_per_request, self.total_blocks - self.received_blocks)
        self._outstanding = count
        body: dict[str, Any] = {
            "c": CLIENT_TOKEN,
            "f": self._file_id,
            "l": self._settings.block_bytes,
            "o": offset,
            "b": bitmap,
            "n": self._settings.blocks_per_request,
        }
        if self._settings.data_format == "json":
            return json.dumps({**body, "b": "0x" + bitmap.hex()}, separators=(",", ":")).encode()
        import cbor2

        return cbor2.dumps(body)

    def take(self, payload: bytes) -> bool:
        """Take a data message; False when it is no block of this file that is still missing."""
        body = self._decoded(payload)
        if body is None or not self._fits(body):
            self.dropped_blocks += 1
            return False
        self._write(body["i"], body["p"])
        self._missing[body["i"] >> 3] &= ~(1 << (body["i"] & 7)) & 0xFF
        self.received_blocks += 1
        self._outstanding -= 1
        return True

    def _full_bitmap(self) -> bytearray:
        """A bit for each block; without a window no more than the agent's bitmap holds."""
        blocks = self.total_blocks
        if not self._settings.windowed:
            blocks = min(blocks, self._settings.bitmap_bytes * 8)
        bitmap = bytearray(b"\xff" * (-(-blocks // 8)))
        if blocks % 8:
            bitmap[-1] = (1 << blocks % 8) - 1
        return bitmap

    def _window(self) -> tuple[int, bytes]:
        room = self._settings.bitmap_bytes
        if len(self._missing) <= room:
            return 0, bytes(self._missing)
        while self._first < len(self._missing) - 1 and not self._missing[self._first]:
            self._first += 1
        return self._first * 8, bytes(self._missing[self._first : self._first + room])

    def _decoded(self, payload: bytes) -> dict[str, Any] | None:
        """The message with ``p`` as bytes; None when it cannot be read."""
        import cbor2

        try:
            if self._settings.data_format == "json":
                body = json.loads(payload.decode("utf-8"))
                return {**body, "p": base64.b64decode(body["p"], validate=True)}
            body = cbor2.loads(payload)
        except (cbor2.CBORDecodeError, binascii.Error, ValueError, KeyError, TypeError):
            return None
        return body if isinstance(body, dict) else None

    def _fits(self, body: Mapping[str, Any]) -> bool:
        file_id, block, length, data = (body.get(key) for key in "filp")
        if not isinstance(block, int) or not isinstance(data, bytes) or file_id != self._file_id:
            return False
        if not 0 <= block < len(self._missing) * 8 or not self._missing[block >> 3] >> (block & 7) & 1:
            return False
        return not self._settings.verifies or length == len(data) == self._length_of(block)

    def _length_of(self, block: int) -> int:
        return min(self._settings.block_bytes, self.size_bytes - block * self._settings.block_bytes)

    def _write(self, block: int, data: bytes) -> None:
        if self._settings.verifies:
            start = block * self._settings.block_bytes
            self._data[start : start + len(data)] = data
        else:
            self._data += data + b"\0" * (-len(data) % FLASH_CHUNK_BYTES)
