"""Every query of places: :mod:`rows` reads and writes tables, :mod:`snapshot` keeps what is asked in memory."""
