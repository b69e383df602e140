"""Serial numbers and the serial file that ``openssl x509 -CAcreateserial`` keeps beside the CA certificate.

Imports dicfix.errors only.
"""

from __future__ import annotations

import re
import secrets

from dicfix.errors import MaterialError

_SERIAL_BITS = 159  # OpenSSL's SERIAL_RAND_BITS: 20 octets with a positive sign, RFC 5280 section 4.1.2.2


def random_serial() -> int:
    """A positive random number of up to 159 bits, as OpenSSL draws one."""
    return secrets.randbits(_SERIAL_BITS) or 1


def next_serial(text: str | None, what: str = "CA.srl") -> int:
    """The serial of the next certificate: one more than the file says, or a random one where there is no file (None).

    Source: SSL-4.2; openssl-x509(1) -CAserial: the file holds the last serial used, in hexadecimal.
    """
    if text is None:
        return random_serial()
    digits = text.strip()
    if not re.fullmatch(r"[0-9A-Fa-f]+", digits):
        raise MaterialError(
            f"{what} does not hold a serial number",
            expected="one line of hexadecimal digits",
            remedy=f"remove {what}: a new one starts at a random number",
        )
    serial = int(digits, 16) + 1
    if serial.bit_length() > _SERIAL_BITS:
        raise MaterialError(
            f"{what} is at its end: the next serial would be longer than 20 octets", remedy=f"remove {what}"
        )
    return serial


def serial_file_text(serial: int) -> str:
    """What the serial file holds once ``serial`` is used: an even number of upper-case digits and a newline."""
    digits = f"{serial:X}"
    return f"{digits:0>{len(digits) + len(digits) % 2}}\n"
