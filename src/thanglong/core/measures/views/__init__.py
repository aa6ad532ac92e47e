"""The pages of measures: for the centre, for everyone, and as data."""
