-- Functions that models and questions use mean the same on every engine, nulls included.
-- Returns the cases that do not hold.

with texts as (

    select
        said,
        actual,
        expected
    from (
        values
        ('regexp_extract', regexp_extract('a.b.c', '[^.]+$'), 'c'),
        ('regexp_extract, no match', regexp_extract('abc', '[0-9]+'), cast(null as varchar)),
        ('regexp_replace, everywhere', regexp_replace('a[0].b[12]', '\[[0-9]+\]', '[]'), 'a[].b[]'),
        ('split_part', split_part('a.b', '.', 2), 'b'),
        ('split_part, empty', split_part('a..b', '.', 2), ''),
        ('split_part, past the end', split_part('a.b', '.', 3), cast(null as varchar)),
        ('json_extract_scalar', json_extract_scalar('{"a": "x"}', '$.a'), 'x'),
        ('json_extract_scalar, object', json_extract_scalar('{"a": {}}', '$.a'), cast(null as varchar)),
        ('json_extract_scalar, not JSON', json_extract_scalar('a', '$.a'), cast(null as varchar)),
        ('array_join', array_join(array['a', 'b'], ','), 'a,b'),
        ('element_at', element_at(array['a', 'b'], 2), 'b'),
        ('element_at, past the end', element_at(array['a'], 2), cast(null as varchar)),
        ('substr, code points', substr('añb', 2, 1), 'ñ')
    ) as listed (said, actual, expected)

),

numbers as (

    select
        said,
        actual,
        expected
    from (
        values
        ('length, code points', cast(length('añ▁') as double), 3e0),
        ('strpos, none', cast(strpos('abc', 'z') as double), 0e0),
        ('cardinality', cast(cardinality(array[1, 2]) as double), 2e0),
        ('sequence', cast(cardinality(sequence(1, 5)) as double), 5e0),
        ('mod', cast(mod(7, 4) as double), 3e0),
        ('beta_cdf', beta_cdf(1e0, 1e0, 0.25e0), 0.25e0),
        ('inverse_beta_cdf', inverse_beta_cdf(1e0, 1e0, 0.25e0), 0.25e0),
        ('normal_cdf', normal_cdf(1e0, 2e0, 1e0), 0.5e0)
    ) as listed (said, actual, expected)

),

failures as (

    select said
    from texts
    where actual is distinct from expected
    union all
    select said
    from numbers
    where actual is null or abs(actual - expected) > 1e-9

)

select * from failures
