"""Job outputs damaged in every way that comes to mind, and what must hold when they are ingested.

    python -m tests.mutation --outputs 10000 --seed 1

`seeds` writes small, whole outputs in every form; `trees`, `documents`, `tables` and `archives`
damage them; `checking` ingests the result into a throwaway lake and says what is wrong.
"""
