"""Decisions: DMN 1.5 and FEEL, compiled once, evaluated fast, pure and thread-safe."""
