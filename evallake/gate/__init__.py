"""The gate: may this job replace that one? PASS, FAIL or INCONCLUSIVE, with the numbers behind it.

`rules` what must not get worse · `reading` sums from the published tables · `samples` what of them
a test needs · `deciding` the tests and verdicts · `betting` evidence that holds under repeated looks
· `planning` what a comparison of this size can see · `running` the steps in order · `output` how a
result looks.
"""
