"""The gate: may this job replace that one? PASS, FAIL or INCONCLUSIVE, with the numbers behind it.

`rules` what must not get worse · `reading` the pair in the published tables · `resolving` rules made
concrete for it · `sums` of its differences · `samples` what of them a test needs · `deciding` the
tests and verdicts · `betting` evidence that holds under repeated looks · `planning` what a comparison
of this size can see · `ruling` a rule's result from its sums · `results` what is said · `running` the
steps in order · `output` how a result looks.
"""
