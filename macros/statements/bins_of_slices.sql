{#-
    bins_of_slices(bins, slices, totals): bins beside the slice that they are of and what its rows
    are worth.

    bins:   a relation or CTE with slice_id and the sums of a bin.
    slices: int_slices.   totals: int_slice_totals; of it the single slices are taken.
    Result: the columns of `bins` and job_id, slice_key, slice_value, is_outcome_slice, is_capped
            and effective_share.
-#}
{% macro bins_of_slices(bins, slices, totals) -%}
    select
        {{ bins }}.*,
        {{ slices }}.job_id,
        {{ slices }}.slice_key,
        {{ slices }}.slice_value,
        {{ slices }}.is_outcome_slice,
        {{ slices }}.is_capped,
        {{ totals }}.effective_share
    from {{ bins }}
    inner join {{ slices }}
        on {{ bins }}.slice_id = {{ slices }}.slice_id
    inner join {{ totals }}
        on
            {{ bins }}.slice_id = {{ totals }}.slice_id
            and {{ totals }}.slice_id_2 = 0
{%- endmacro %}
