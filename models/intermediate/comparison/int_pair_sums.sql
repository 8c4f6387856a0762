-- Grain: one row per (pair_id, metric_number, slice_id, slice_id_2).
-- Counts and sums that comparisons are made of. slice_id = 0 is the whole pair, slice_id_2 = 0 a
-- single slice. Values are counted from about their mean over the pair, so that squares keep their
-- digits whatever the metric's scale: from a mean of seven digits, since engines add in another
-- order, and the last digits of a mean, times the pairs, would be a difference between their sums.

{%- set is_own_cluster = var('cluster_field') == 'example_key' %}
{%- set sums = [
    'pairs', 'higher', 'lower', 'repeated_pairs', 'other_than_binary', 'single_keys',
    'single_higher', 'single_lower',
] %}
{%- set totals = [
    'sum_baseline', 'sum_candidate', 'sum_difference', 'sum_baseline_square',
    'sum_candidate_square', 'sum_difference_square', 'single_difference',
    'single_difference_square',
] %}

with pair_values as (

    select *
    from {{ ref('int_pair_values') }}
    where difference is not null

),

cell_slices as (

    select * from {{ ref('int_pair_cell_slices') }}

),

means as (

    select
        pair_id,
        metric_number,
        avg(baseline_value) as baseline_mean,
        avg(candidate_value) as candidate_mean,
        avg(difference) as difference_mean
    from pair_values
    group by pair_id, metric_number

),

centers as (

    select
        pair_id,
        metric_number,
        {%- for name in ['baseline', 'candidate', 'difference'] %}
        case
            when abs({{ name }}_mean) < 1e30
                then cast(cast({{ name }}_mean as real) as double)
            else {{ name }}_mean
        end as {{ name }}_center {{- ',' if not loop.last }}
        {%- endfor %}
    from means

),

centered as (

    select
        pair_values.pair_id,
        pair_values.metric_number,
        pair_values.cell_number,
        pair_values.cluster_number,
        pair_values.baseline_value,
        pair_values.candidate_value,
        pair_values.baseline_value - centers.baseline_center as baseline_part,
        pair_values.candidate_value - centers.candidate_center as candidate_part,
        pair_values.difference - centers.difference_center as difference_part,
        case when pair_values.difference > 0e0 then 1 else 0 end as is_higher,
        case when pair_values.difference < 0e0 then 1 else 0 end as is_lower,
        case
            when pair_values.baseline_repeats > 1 or pair_values.candidate_repeats > 1 then 1
            else 0
        end as is_repeated,
        case
            when
                pair_values.baseline_value in (0e0, 1e0)
                and pair_values.candidate_value in (0e0, 1e0)
                then 0
            else 1
        end as is_other_than_binary,
        centers.difference_center
    from pair_values
    inner join centers
        on
            pair_values.pair_id = centers.pair_id
            and pair_values.metric_number = centers.metric_number

),

cells as (

    select
        pair_id,
        metric_number,
        cell_number,
        count(*) as pairs,
        sum(is_higher) as higher,
        sum(is_lower) as lower,
        sum(is_repeated) as repeated_pairs,
        sum(is_other_than_binary) as other_than_binary,
        sum(baseline_part) as sum_baseline,
        sum(candidate_part) as sum_candidate,
        sum(difference_part) as sum_difference,
        sum(baseline_part * baseline_part) as sum_baseline_square,
        sum(candidate_part * candidate_part) as sum_candidate_square,
        sum(difference_part * difference_part) as sum_difference_square,
        {%- if is_own_cluster %}
        count(*) as single_keys,
        sum(is_higher) as single_higher,
        sum(is_lower) as single_lower,
        sum(difference_part) as single_difference,
        sum(difference_part * difference_part) as single_difference_square,
        {%- else %}
        count(*) filter (where cluster_number is null) as single_keys,
        sum(case when cluster_number is null then is_higher else 0 end) as single_higher,
        sum(case when cluster_number is null then is_lower else 0 end) as single_lower,
        sum(case when cluster_number is null then difference_part else 0e0 end)
            as single_difference,
        sum(case when cluster_number is null then difference_part * difference_part else 0e0 end)
            as single_difference_square,
        {%- endif %}
        min(baseline_value) as baseline_min,
        max(baseline_value) as baseline_max,
        min(candidate_value) as candidate_min,
        max(candidate_value) as candidate_max
    from centered
    group by pair_id, metric_number, cell_number

),

-- the slices and pairs of slices of each cell
memberships as (

    select
        cell_number,
        slice_id,
        0 as slice_id_2
    from cell_slices

    union all

    select
        first_slices.cell_number,
        first_slices.slice_id,
        second_slices.slice_id as slice_id_2
    from cell_slices as first_slices
    inner join cell_slices as second_slices
        on
            first_slices.cell_number = second_slices.cell_number
            and first_slices.pair_key_number < second_slices.pair_key_number

),

sliced as (

    select
        cells.pair_id,
        cells.metric_number,
        memberships.slice_id,
        memberships.slice_id_2,
        {%- for name in sums %}
        cast(sum(cells.{{ name }}) as bigint) as {{ name }},
        {%- endfor %}
        {%- for name in totals %}
        sum(cells.{{ name }}) as {{ name }},
        {%- endfor %}
        min(cells.baseline_min) as baseline_min,
        max(cells.baseline_max) as baseline_max,
        min(cells.candidate_min) as candidate_min,
        max(cells.candidate_max) as candidate_max
    from cells
    inner join memberships on cells.cell_number = memberships.cell_number
    group by
        cells.pair_id, cells.metric_number, memberships.slice_id, memberships.slice_id_2

    union all

    select
        pair_id,
        metric_number,
        0 as slice_id,
        0 as slice_id_2,
        {%- for name in sums %}
        cast(sum({{ name }}) as bigint) as {{ name }},
        {%- endfor %}
        {%- for name in totals %}
        sum({{ name }}) as {{ name }},
        {%- endfor %}
        min(baseline_min) as baseline_min,
        max(baseline_max) as baseline_max,
        min(candidate_min) as candidate_min,
        max(candidate_max) as candidate_max
    from cells
    group by pair_id, metric_number

),
{%- if not is_own_cluster %}

-- clusters of several keys, as far as each slice holds them
cluster_cells as (

    select
        pair_id,
        metric_number,
        cluster_number,
        cell_number,
        count(*) as cell_keys,
        sum(difference_part) as cell_difference,
        sum(difference_part + difference_center) as cell_raw_difference
    from centered
    where cluster_number is not null
    group by pair_id, metric_number, cluster_number, cell_number

),

cluster_slices as (

    select
        cluster_cells.pair_id,
        cluster_cells.metric_number,
        memberships.slice_id,
        memberships.slice_id_2,
        sum(cluster_cells.cell_keys) as cluster_keys,
        sum(cluster_cells.cell_difference) as cluster_difference,
        sum(cluster_cells.cell_raw_difference) as cluster_raw_difference
    from cluster_cells
    inner join memberships on cluster_cells.cell_number = memberships.cell_number
    group by
        cluster_cells.pair_id,
        cluster_cells.metric_number,
        memberships.slice_id,
        memberships.slice_id_2,
        cluster_cells.cluster_number

    union all

    select
        pair_id,
        metric_number,
        0 as slice_id,
        0 as slice_id_2,
        sum(cell_keys) as cluster_keys,
        sum(cell_difference) as cluster_difference,
        sum(cell_raw_difference) as cluster_raw_difference
    from cluster_cells
    group by pair_id, metric_number, cluster_number

),

clustered as (

    select
        pair_id,
        metric_number,
        slice_id,
        slice_id_2,
        count(*) as clusters,
        count(*) filter (where cluster_raw_difference > 1e-12 * cluster_keys) as higher_clusters,
        count(*) filter (where cluster_raw_difference < -1e-12 * cluster_keys) as lower_clusters,
        sum(cluster_difference * cluster_difference) as total_square,
        sum(cluster_difference * cast(cluster_keys as double)) as total_cross,
        cast(sum(cluster_keys * cluster_keys) as bigint) as size_square
    from cluster_slices
    group by pair_id, metric_number, slice_id, slice_id_2

),
{%- endif %}

final as (

    select
        -- ids
        sliced.pair_id,
        sliced.metric_number,
        cast(sliced.slice_id as bigint) as slice_id,
        cast(sliced.slice_id_2 as bigint) as slice_id_2,

        -- counts
        sliced.pairs,
        sliced.higher,
        sliced.lower,
        sliced.repeated_pairs,
        sliced.other_than_binary,

        -- sums, values counted from the centers
        centers.baseline_center,
        centers.candidate_center,
        centers.difference_center,
        sliced.sum_baseline,
        sliced.sum_candidate,
        sliced.sum_difference,
        sliced.sum_baseline_square,
        sliced.sum_candidate_square,
        sliced.sum_difference_square,
        sliced.baseline_min,
        sliced.baseline_max,
        sliced.candidate_min,
        sliced.candidate_max,

        -- what a clustered standard error is made of
        {%- if is_own_cluster %}
        sliced.pairs as clusters,
        sliced.higher as higher_clusters,
        sliced.lower as lower_clusters,
        sliced.sum_difference_square as total_square,
        sliced.sum_difference as total_cross,
        sliced.pairs as size_square
        {%- else %}
        sliced.single_keys + coalesce(clustered.clusters, 0) as clusters,
        sliced.single_higher + coalesce(clustered.higher_clusters, 0) as higher_clusters,
        sliced.single_lower + coalesce(clustered.lower_clusters, 0) as lower_clusters,
        sliced.single_difference_square + coalesce(clustered.total_square, 0e0) as total_square,
        sliced.single_difference + coalesce(clustered.total_cross, 0e0) as total_cross,
        sliced.single_keys + coalesce(clustered.size_square, 0) as size_square
        {%- endif %}
    from sliced
    inner join centers
        on
            sliced.pair_id = centers.pair_id
            and sliced.metric_number = centers.metric_number
    {%- if not is_own_cluster %}
    left join clustered
        on
            sliced.pair_id = clustered.pair_id
            and sliced.metric_number = clustered.metric_number
            and sliced.slice_id = clustered.slice_id
            and sliced.slice_id_2 = clustered.slice_id_2
    {%- endif %}

)

select * from final
