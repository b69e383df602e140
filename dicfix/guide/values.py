"""The values that the guide fixes, each with the clause it comes from. Imports nothing of dicfix."""

from __future__ import annotations

KEY_KIND = "EC P-256"
"""prime256v1, for the CA and every client (SSL-1, SSL-3)."""
CA_VALIDITY_DAYS = 1826
"""SSL-2."""
CLIENT_VALIDITY_DAYS = 360
"""SSL-4.2."""
VERIFICATION_KEY_KIND = "RSA 2048"
"""SSL-V1."""
VERIFICATION_VALIDITY_DAYS = 500
"""SSL-V3."""

MULTI_ACCOUNT = "SNI_ONLY"
"""What the API calls "Multi-account mode" (AWS-4.2)."""
SINGLE_ACCOUNT = "DEFAULT"
"""What the API calls "Single account mode" (AWS-4.2, edition 2024-04)."""

POLICY_DOCUMENT = """\
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*"
    }
  ]
}
"""
"""AWS-5.2."""

MQTT_PORT = 8883
"""EXP-2."""
SERVER_ROOT_NAME = "AmazonRootCA1"
"""AWS-8.1."""
