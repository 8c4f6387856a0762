"""Processes that are killed, and many that write at once: what becomes of the lake.

    jobs       files of evaluation jobs to ingest, and what each of them has to become
    verbs      what a process does to a lake, through the public functions
    tracing    which call to the store or to the system a process is in, and dying at a given one
    forks      a warm process that forks one child per verb, and kills it at a given instant
    campaign   verb after verb, kill after kill, and a look at everything after each
    writers    many processes at work on one lake, and readers that look all the time

`python -m tests.kills --kills 500` and `python -m tests.kills.writers --minutes 3` print what came
of it; short versions run with the other tests.
"""
