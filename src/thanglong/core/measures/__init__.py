"""Measures: the figures of the city, defined once as code, kept by unit and period, each traced back to its inputs.

For leaders, heads of units and everybody who asks why a figure is what it is. Every domain registers its own measures;
the pages show a map, a series, a comparison and the records behind the figure, each with its proof in the ledger.
"""
