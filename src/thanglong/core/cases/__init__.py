"""Cases: all work to be done in the city, for the people who ask for it and the officials who do it.

A lifecycle is data: a versioned definition of states, actions, needs and deadlines; a running case keeps the version it
began with. Every step is one transaction of case row, event, ledger entry and jobs. Forms are JSON Schema (2020-12).
Domains declare their own types and, through ``measures``, response time, share in time, reopened and satisfaction.
"""
