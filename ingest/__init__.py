"""From the files that an evaluation job wrote to a load in the lake; see `ingest.landing`."""

import logging

# Whoever listens decides what becomes of events; without this, Python would print some by itself.
logging.getLogger(__name__).addHandler(logging.NullHandler())
