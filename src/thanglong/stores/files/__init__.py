"""Stores in plain files: content-addressed blobs, and the senders that a demo uses."""
