"""The functions that SQL may call, and what to write instead of those it may not.

A name is in `PORTABLE` because the parity tests call it with edge values on both engines and the
answers agree (`tests/athena/parity/sheets`); a test here watches that the two lists are one.
"""

from __future__ import annotations

PROVEN = {
    "texts": "chr concat_ws length lower lpad md5_hex position regexp_extract regexp_extract_all"
    " regexp_like regexp_replace replace rpad split split_part starts_with strpos substr to_utf8"
    " translate",
    "JSON": "json_array_length json_extract json_extract_scalar json_parse",
    "numbers": "abs bitwise_and bitwise_xor cbrt ceil degrees e exp floor greatest infinity"
    " is_finite is_nan least ln log10 log2 mod nan pi power round sqrt truncate",
    "what may be missing": "coalesce if nullif try",
    "arrays and maps": "array_agg array_distinct array_intersect array_join array_max array_min"
    " array_sort arrays_overlap cardinality element_at flatten map map_keys map_values sequence"
    " slice",
    "times": "date_diff date_trunc day extract from_iso8601_timestamp from_unixtime hour minute"
    " month quarter to_unixtime week year",
    "aggregates": "avg bool_and bool_or corr count covar_pop covar_samp every"
    " geometric_mean grouping max min regr_intercept regr_slope stddev stddev_pop stddev_samp sum"
    " var_pop var_samp variance",
    "windows": "cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank"
    " rank row_number",
    "distributions": "beta_cdf inverse_beta_cdf normal_cdf",
}
"""Functions that have cases, by what they are about."""
PORTABLE = frozenset(name for names in PROVEN.values() for name in names.split())

INSTEAD = {
    "any_value": "min or max: which value it takes is left to the engine",
    "arbitrary": "min or max: which value it takes is left to the engine",
    "approx_distinct": "count(distinct ...)",
    "approx_percentile": "row_number() and count(*) over (), interpolated",
    "array_position": "unnest ... with ordinality",
    "concat": "||",
    "contains": "cardinality(array_intersect(...)) > 0, or unnest",
    "count_if": "count(*) filter (where ...)",
    "date_add": "+ interval",
    "date_format": "extract, or a column of the mart",
    "histogram": "group by and count(*)",
    "inverse_normal_cdf": "the macro normal_quantile: one engine loses the far tails",
    "kurtosis": "sums of powers",
    "list_sum": "unnest and sum",
    "listagg": "array_join(array_agg(x order by y asc), ',')",
    "map_agg": "rows, or map(array_agg(...), array_agg(...))",
    "max_by": "row_number() over (...) = 1",
    "md5": "the macro md5_hex",
    "median": "row_number() and count(*) over (), interpolated",
    "min_by": "row_number() over (...) = 1",
    "mode": "row_number() over (order by count(*) desc nulls last, ...) = 1",
    "quantile_cont": "row_number() and count(*) over (), interpolated",
    "random": "a hash of an id",
    "reverse": "nothing: one engine reverses code points, the other what people see",
    "sign": "case",
    "skewness": "sums of powers",
    "strftime": "extract, or a column of the mart",
    "string_agg": "array_join(array_agg(x order by y asc), ',')",
    "to_hex": "the macro md5_hex",
    "trim": "regexp_replace: one engine trims blanks, the other every white space",
    "upper": "lower",
}
"""Functions that only one engine has, or that mean something else on each, and the way out."""

_WORDS = """
all and any as between by case cast cross cube distinct else end except exists filter from full
having in inner intersect into is join left like limit not offset on or order outer over partition
right rollup row select sets then try_cast union unnest using values when where window with
varchar bigint integer double boolean timestamp decimal
"""
SYNTAX = frozenset(_WORDS.split())
"""Words before a parenthesis that call nothing."""
