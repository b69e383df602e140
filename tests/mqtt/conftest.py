"""Certificates, brokers and misbehaving servers for these tests."""

from tests.mqtt.world import broker, own_broker, scripted, world

__all__ = ["broker", "own_broker", "scripted", "world"]
