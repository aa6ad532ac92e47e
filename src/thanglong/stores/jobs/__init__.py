"""The job table: work queued in the same transaction as the change that caused it, done at least once by the worker."""
