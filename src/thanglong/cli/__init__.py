"""The ``thanglong`` command: the door for administrators, developers and scripts."""
