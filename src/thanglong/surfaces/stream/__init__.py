"""Live pages: server-sent events of things, cases and the pulse of the platform, read from the change logs."""
