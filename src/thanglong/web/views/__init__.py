"""Pages of the frame, by room."""
