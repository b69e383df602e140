"""The operations of the ``iot`` service on jobs and job executions."""
