"""The router over HTTP: hooks for senders, ``/v1/alerts`` for people."""
