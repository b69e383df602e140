"""MQTT as a client: MQTT Explorer's profile, and connections over mutual TLS.

The only package that imports paho. It may import ``dicfix.errors`` and ``dicfix.certificates``; importing the
package itself loads nothing.
"""
