"""Pages of reports: the form, the public map and pages, the reporter's own page, photos to check."""
