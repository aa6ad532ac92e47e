"""FEEL, the friendly enough expression language of DMN 1.5 (chapter 10 of the specification)."""
