"""moto's backend of the ``service-quotas`` service; the quotas of AWS IoT Core are in the account's state.

Named ``models`` because moto finds ``urls`` beside it by that name.
"""

from __future__ import annotations

from moto.servicequotas.models import ServiceQuotasBackend, servicequotas_backends

__all__ = ["EmbeddedServiceQuotasBackend", "servicequotas_backends"]


class EmbeddedServiceQuotasBackend(ServiceQuotasBackend):
    """moto's backend, for the other services."""
