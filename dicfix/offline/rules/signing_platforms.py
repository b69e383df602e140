"""AWS Signer's platforms for AWS IoT, as data. Source: signer ListSigningPlatforms, recorded in facts, OTA 2.6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

EMBEDDED = "JSONEmbedded"
DETACHED = "JSONDetached"


@dataclass(frozen=True, slots=True)
class Platform:
    """One signing platform; the first of each tuple is its default."""

    platform_id: str
    display_name: str
    partner: str
    target: str
    encryptions: tuple[str, ...]
    hashes: tuple[str, ...]
    image_format: str
    size_mb_at_most: int

    def answer(self) -> dict[str, Any]:
        """GetSigningPlatform's answer."""
        return {
            "platformId": self.platform_id,
            "displayName": self.display_name,
            "partner": self.partner,
            "target": self.target,
            "category": "AWSIoT",
            "signingConfiguration": {
                "encryptionAlgorithmOptions": {
                    "allowedValues": list(self.encryptions),
                    "defaultValue": self.encryptions[0],
                },
                "hashAlgorithmOptions": {"allowedValues": list(self.hashes), "defaultValue": self.hashes[0]},
            },
            "signingImageFormat": {"supportedFormats": [self.image_format], "defaultFormat": self.image_format},
            "maxSizeInMB": self.size_mb_at_most,
            "revocationSupported": False,
        }


FREERTOS_DEFAULT = Platform(
    "AmazonFreeRTOS-Default",
    "Amazon FreeRTOS SHA256-ECDSA",
    "AmazonFreeRTOS",
    "SHA256-ECDSA",
    ("ECDSA", "RSA"),
    ("SHA256",),
    EMBEDDED,
    16,
)
TI_CC3220SF = Platform(
    "AmazonFreeRTOS-TI-CC3220SF",
    "Amazon FreeRTOS SHA1-RSA CC3220SF-Format",
    "AmazonFreeRTOS",
    "SHA1-RSA-TISHA1",
    ("RSA",),
    ("SHA1",),
    EMBEDDED,
    16,
)
DEVICE_MANAGEMENT = Platform(
    "AWSIoTDeviceManagement-SHA256-ECDSA",
    "AWS IoT Device Management SHA256-ECDSA",
    "AWSIoTDeviceManagement",
    "SHA256-ECDSA",
    ("ECDSA",),
    ("SHA256",),
    DETACHED,
    2048,
)
PLATFORMS: Mapping[str, Platform] = {
    each.platform_id: each for each in (FREERTOS_DEFAULT, TI_CC3220SF, DEVICE_MANAGEMENT)
}
