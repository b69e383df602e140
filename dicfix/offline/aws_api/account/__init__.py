"""What an account has beside its registry: logging, Device Defender, indexing, templates, domains, trail and quotas.

``state`` keeps it, one per account and Region on moto's IoT backend; the ``*_responses`` are operations of ``iot``.
"""
