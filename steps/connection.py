"""Phrases about MQTT Explorer's connection, the devices and what they say to each other."""
