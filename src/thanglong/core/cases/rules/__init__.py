"""The pure decisions of cases: what is a sound definition, who may do what, what is missing, when is it due."""
