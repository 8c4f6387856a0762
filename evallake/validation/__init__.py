"""Great Expectations over the rows of a load: what is expected, whether it is so, what follows.

    expectations/<table>.json -> declared -> rows (Great Expectations) ──┐
                                          -> counts (DuckDB) ────────────┴-> outcomes -> the door

`ingest` knows nothing of this room: it is handed `door.Door` as a callable.
"""
