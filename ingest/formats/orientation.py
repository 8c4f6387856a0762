"""Which response a verdict of the backward pass means.

In the backward pass the judge was shown B first. Some containers record its words as they stand,
so that `A` is the response shown first, which is B; others have turned them round already. Only
the votes tell: with a forward verdict f, a backward text b and the votes of the row, either
reading predicts other votes wherever b prefers a side. One reading must explain every such row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingest.formats.verdicts import TIE, A, B

_SWAPPED = np.array([B, A, TIE], np.int64)


@dataclass(slots=True)
class Orientation:
    """What the rows of one task say; filled row by row, then asked."""

    as_named: int = 0
    """Rows whose votes fit only the reading that A is response A (count)."""
    as_shown: int = 0
    """Rows whose votes fit only the reading that A is the response shown first (count)."""
    unexplained: int = 0
    """Rows with a preference and votes that fit neither (count)."""

    def add(self, forward: np.ndarray, backward: np.ndarray, votes: np.ndarray) -> None:
        """Takes in consecutive rows.

        Args:
            forward, backward: codes of `verdicts`, as the texts have them.
            votes: float64, rows × 3: votes for A, B and a tie as reported; nan where not.
        """
        tells = (forward <= TIE) & (backward <= B) & ~np.isnan(votes[:, :2]).any(axis=1)
        f, b, v = forward[tells], backward[tells], votes[tells, :2]
        fits_named = (_tally(f, b) == v).all(axis=1)
        fits_shown = (_tally(f, _SWAPPED[b]) == v).all(axis=1)
        self.as_named += int((fits_named & ~fits_shown).sum())
        self.as_shown += int((fits_shown & ~fits_named).sum())
        self.unexplained += int((~fits_named & ~fits_shown).sum())

    @property
    def is_known(self) -> bool:
        """Whether one reading, and only one, explains what there is to explain."""
        return (self.as_named > 0) != (self.as_shown > 0) and not self.unexplained

    def turned(self, backward: np.ndarray) -> np.ndarray:
        """Codes in terms of the responses; only where the orientation is known."""
        if not self.is_known or not self.as_shown:
            return backward
        return np.asarray(np.where(backward <= TIE, _SWAPPED[np.minimum(backward, TIE)], backward))


def _tally(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """Votes for A and for B that two verdicts cast."""
    return np.stack(
        [(forward == side).astype(float) + (backward == side) for side in (A, B)], axis=1
    )
