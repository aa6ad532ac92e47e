"""Thăng Long: one self-hosted platform on which a city government runs its whole city.

The floors, from the top: ``site > cli > surfaces > domains > web > core > stores > formats | solve > kit``. Imports
only go down. The command line (``thanglong``) is the way in; ``docs/`` explains the rest.
"""

__version__ = "0.1.0"
