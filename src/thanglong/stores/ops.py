"""What a row of the things' history tells, in the stores and in the day files alike."""

BORN, ADDED, CHANGED, REMOVED, GONE = 0, 1, 2, 3, 4
"""The attribute came with its entity, came later, changed, went; the entity went."""
RECORDED = 5
"""The row was put into the past alone (the temporal interface): no change, so readers of the log pass over it."""
STRUCK = 6
"""An amendment that takes a row out of the past."""
WITHDRAWN = 7
"""Like RECORDED, and what it tells is that the attribute (or the scope) went."""
