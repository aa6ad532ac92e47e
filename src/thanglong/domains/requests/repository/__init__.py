"""Every query of the reports; rows to types and back."""
