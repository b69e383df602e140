"""The services behind reserved topics: jobs and streams, as functions from a request to its replies.

Free of sockets and of the data plane: whoever carries MQTT hands in a ``Request`` and sends the ``Reply`` values.
"""

from dicfix.offline.services.messages import Reply, Request

__all__ = ["Reply", "Request"]
