"""The commands of `python -m dicfix`, one module each.

A module offers ``add_parser(subparsers)``, which sets ``func`` to its ``run(args) -> int`` (the exit code). Modules
import what is heavy inside ``run``, so that help stays quick.
"""
