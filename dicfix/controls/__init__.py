"""Controls: pure functions over the records of an inventory, registered by id in catalogue order.

They may import certificates, trust, firmware, the pure profile of mqtt, guide, IAM policies, records and below;
no boto3, paho, files or clock. Importing this package registers them all.
"""

from __future__ import annotations

# Imported in catalogue order, which is the guide's own.
from dicfix.controls import pki  # noqa: F401  # isort: skip
from dicfix.controls import verification  # noqa: F401  # isort: skip
from dicfix.controls import registration  # noqa: F401  # isort: skip
from dicfix.controls import policies  # noqa: F401  # isort: skip
from dicfix.controls import things  # noqa: F401  # isort: skip
from dicfix.controls import material  # noqa: F401  # isort: skip
from dicfix.controls import server  # noqa: F401  # isort: skip
from dicfix.controls import explorer  # noqa: F401  # isort: skip
from dicfix.controls import exchanges  # noqa: F401  # isort: skip
from dicfix.controls import ota_job  # noqa: F401  # isort: skip
from dicfix.controls import ota_files  # noqa: F401  # isort: skip
from dicfix.controls import ota_prerequisites  # noqa: F401  # isort: skip
from dicfix.controls import ota_role  # noqa: F401  # isort: skip
from dicfix.controls import fit  # noqa: F401  # isort: skip
from dicfix.controls import ota_fit  # noqa: F401  # isort: skip
from dicfix.controls import fit_connection  # noqa: F401  # isort: skip
from dicfix.controls import hardening  # noqa: F401  # isort: skip
from dicfix.controls import hardening_policies  # noqa: F401  # isort: skip
from dicfix.controls import hardening_certificates  # noqa: F401  # isort: skip
from dicfix.controls import hardening_registry  # noqa: F401  # isort: skip
from dicfix.controls import hardening_connections  # noqa: F401  # isort: skip
from dicfix.controls import hardening_watching  # noqa: F401  # isort: skip
from dicfix.controls import hardening_ota  # noqa: F401  # isort: skip
from dicfix.controls.registry import CONTROLS, Absent, Control, Look, control, controls_of, find_control, run_control

__all__ = [
    "CONTROLS",
    "Absent",
    "Control",
    "Look",
    "control",
    "controls_of",
    "find_control",
    "run_control",
]
