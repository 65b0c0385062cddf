"""``mirante init``: what a Prometheus is asked, and the workspace that is written from the answers."""
