"""The ``service-quotas`` service: moto's, with ListServiceQuotas over the account's quotas of AWS IoT Core."""
