"""dicfix: the Silicon Labs DIC onboarding guide as executable acceptance tests and a read-only checker.

Importing this package imports nothing else: boto3, paho-mqtt, moto and pytest load where they are used.
"""

__version__ = "0.1.0"
