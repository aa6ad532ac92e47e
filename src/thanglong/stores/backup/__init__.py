"""Backups: one cut through every database at a moment, and a pool of files named by their content."""
