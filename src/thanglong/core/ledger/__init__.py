"""The ledger: what happened, provable.

Every state change of the platform appends an entry in its own transaction. Entries become leaves of a Merkle tree
(RFC 6962) over canonical JSON (RFC 8785); the tree's head is signed (Ed25519) each second in which something happened.
Anybody can check that an entry stands in the tree, and that the tree only ever grew. For auditors, for citizens with a
proof in hand, and for the city itself. Personal values are kept out: only salted commitments of them enter.
"""
