"""The parts of the virtual device's OTA agent: settings, job documents, the download, status texts, verification.

Sans-io: nothing here knows of a network or waits. ``dicfix.device.ota_agent`` puts them together.
"""
