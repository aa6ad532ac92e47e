"""The pages of places: what everybody may look up, the same as data, and the desk where units are kept."""
