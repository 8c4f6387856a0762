"""Great Expectations over the rows of a load: what is expected, whether it is so, what follows.

    expectations/<table>.json -> declared -> rows, by witnesses (Great Expectations) ──┐
                                          -> counting, by order (DuckDB) ──────────────┴-> outcomes
    outcomes -> door: before a load is committed       landed: of loads in the lake, at any time

`ingest` knows nothing of this room: it is handed `door.Door` as a callable.
"""
