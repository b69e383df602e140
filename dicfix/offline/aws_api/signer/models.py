"""moto's backend of the ``signer`` service under this project's operations; its state is in ``ota.services``.

Named ``models`` because moto finds ``urls`` beside it by that name.
"""

from __future__ import annotations

from moto.signer.models import SignerBackend, signer_backends

__all__ = ["EmbeddedSignerBackend", "signer_backends"]


class EmbeddedSignerBackend(SignerBackend):
    """moto's backend, for the tags of profiles only."""
