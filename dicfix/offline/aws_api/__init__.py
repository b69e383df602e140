"""The AWS API of the embedded cloud: moto, with AWS IoT's rules put in front of its backends.

The only place in dicfix that imports moto. ``hooks`` holds everything that reaches into moto's internals (one canary
test each); ``iot`` and ``iotdata`` replace moto's backends of these services; ``moto_registry`` shows the resulting
state to the data plane. This file imports nothing, so that naming the package costs nothing.
"""
