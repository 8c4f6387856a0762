"""The application: from a lake to tested tables, answers and a report; see `evallake.cli`."""

import logging

# As in `ingest`: events go where `evallake.logs`, or whoever imports this, sends them.
logging.getLogger(__name__).addHandler(logging.NullHandler())
