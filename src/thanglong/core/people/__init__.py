"""People: who may do what, where, and for how long.

Accounts of officials, their memberships (person, role, unit, from, to), roles as data, API clients, sign-in with
lock-out. One decision function is used by pages, APIs and tasks alike: the role allows the action AND the unit lies in
the subtree of the membership's unit as of the day AND the membership is valid on that day AND the client's scopes
allow. Every change of rights is in the ledger; a withdrawn role bites on the next request.
"""
