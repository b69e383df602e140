"""The ``signer`` service: profiles and signing jobs with real signatures, in place of moto's."""
