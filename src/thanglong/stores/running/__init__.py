"""What a running installation leaves in ``DATA/run``: heartbeats, sizes, the outcome of the last backup and drill."""
