"""The audit of an account: what was read, what the controls say of it, what changed, and the files that tell it.

May import ``controls``, ``aws``, ``records``, ``findings``, ``settings``, ``guide`` and ``errors``; neither the
embedded cloud nor pytest.
"""
