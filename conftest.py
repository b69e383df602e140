"""Loads the dicfix plugin and the step definitions; everything else lives there."""

pytest_plugins = [
    "dicfix.pytest_plugin",
    "steps.certificates",
    "steps.registration",
    "steps.things",
    "steps.connection",
    "steps.refusals",
    "steps.lifecycle",
    "steps.ota_prerequisites",
    "steps.ota",
    "steps.ota_failures",
]
