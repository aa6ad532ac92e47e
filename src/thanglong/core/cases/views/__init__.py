"""The desk: the queue, the case, the unit's week, files."""
