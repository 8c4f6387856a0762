"""The distribution functions, to the edges of their domains and past them."""

from __future__ import annotations

from itertools import product

from tests.athena.parity.sheets import Refusal, Sheet

SHEETS = (
    Sheet(
        name="beta",
        columns={"a": "double", "b": "double", "x": "double"},
        rows=(
            *product((0.5, 1.0, 2.0, 30.5, 5_000.0), (0.5, 1.0, 7.0, 800.0), (0.0, 1e-9, 0.3, 1.0)),
            (0.5, 0.5, 0.999999),
            (200_000.0, 300_000.0, 0.4),
            (1.0, 1e6, 1e-6),
            (None, 1.0, 0.5),
            (1.0, None, 0.5),
            (1.0, 1.0, None),
        ),
        expressions=("beta_cdf(a, b, x)",),
    ),
    Sheet(
        name="normal",
        columns={"m": "double", "s": "double", "x": "double"},
        rows=(
            *product((0.0, 1.5), (1.0, 0.01, 250.0), (-40.0, -9.0, -1.96, 0.0, 1e-9, 1.96, 9.0)),
            (None, 1.0, 0.5),
            (0.0, None, 0.5),
            (0.0, 1.0, None),
        ),
        expressions=("normal_cdf(m, s, x)",),
    ),
    Sheet(
        name="quantiles of beta",
        columns={"a": "double", "b": "double", "p": "double"},
        rows=(
            *product((0.5, 1.0, 12.0, 4_000.0), (0.5, 3.0, 900.0), (0.001, 0.025, 0.5, 0.975)),
            (1.0, 1.0, 0.0),
            (1.0, 1.0, 1.0),
            (None, 1.0, 0.5),
        ),
        expressions=("inverse_beta_cdf(a, b, p)",),
    ),
)

REFUSALS = (
    Refusal("beta_cdf(0e0, x, 0.5e0)"),
    Refusal("beta_cdf(x, -1e0, 0.5e0)"),
    Refusal("beta_cdf(x, 1e0, 1.1e0)"),
    Refusal("beta_cdf(x, 1e0, -0.1e0)"),
    Refusal("inverse_beta_cdf(0e0, x, 0.5e0)"),
    Refusal("inverse_beta_cdf(x, 1e0, 1.5e0)"),
    Refusal("inverse_beta_cdf(x, 1e0, -0.5e0)"),
    Refusal("normal_cdf(x, 0e0, 1e0)"),
    Refusal("normal_cdf(x, -1e0, 1e0)"),
)
