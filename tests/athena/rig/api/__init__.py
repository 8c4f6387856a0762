"""Amazon Athena's API, answered by a Trino.

operations.py    what each API operation answers
executions.py    a statement's way from QUEUED to its end
statements.py    which kind of statement a text is
translation.py   CTAS, UNLOAD and INSERT as Trino wants them
hive_ddl.py      Hive's DDL, read
hive_catalogue.py            ... and carried out on Glue
values.py        Trino's values and types as Athena shows them
results.py       result files and pages of results
refusals.py      errors as Athena gives them
workgroups.py    work groups and their limits
storage.py       the S3 objects and Glue entries that all of this touches
"""
