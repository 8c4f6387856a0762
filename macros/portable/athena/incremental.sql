{#-
    Facts on Athena. A fact is two things in Glue:

        fct_examples                  a view: what readers, dbt and sql/ see
        fct_examples__rows_1a2b3c4d   the rows: a table partitioned by job_id and load_id,
                                      whose partitions are each written once

    and a build goes

        leftovers of earlier builds        -> removed
        pinned loads that it does not hold -> written a hundred at a time into a folder of their
                                              own, then registered as partitions
        the view                           -> replaced in one step: new loads show, gone ones hide

    A full refresh writes another table of rows and then replaces the view. So readers see the
    rows of one pinned state, before and after the step; never a fact that is missing or half.
    A write that broke off, or that Athena finishes after we are gone, lies in a folder that no
    partition names. What the view hides is removed a build later, when nobody reads it any more.

    See docs/decisions/0087.
-#}
{% materialization incremental, adapter='athena', supported_languages=['sql'] %}
    {%- set view = this.incorporate(type='view') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set noted = fact_parameters(this) -%}
    {%- set is_fresh = should_full_refresh() or not noted.get('rows_table') -%}
    {%- if not is_fresh -%}
        {%- set rows = beside(this, noted['rows_table'][this.identifier | length:]) -%}
        {%- set is_fresh = adapter.get_glue_table(rows) is none -%}
    {%- endif -%}

    {{ run_hooks(pre_hooks) }}

    {%- do drop_leftovers(this, keep=noted.get('rows_table')) -%}
    {%- set hidden = [] if is_fresh else noted.get('hidden_loads', '').split() -%}
    {%- if is_fresh -%}
        {%- set rows = beside(this, '__rows_' ~ invocation_id[:8]) -%}
        {%- set new = pinned_loads() -%}
        {%- set gone = [] -%}
    {%- else -%}
        {%- set loads = pinned_and_held_loads(rows) -%}
        {%- set new = loads | selectattr('is_pinned') | rejectattr('is_held') | list -%}
        {%- set unpinned = loads | rejectattr('is_pinned') | map(attribute='load_id') | list -%}
        {%- set gone = unpinned | reject('in', hidden) | list -%}
        {%- do remove_partitions(rows, unpinned | select('in', hidden) | list) -%}
        {%- if new and (gone or hidden or new | length > 100) -%}
            {#- what takes several steps is seen as one: new loads stay hidden until the last -#}
            {%- do show_rows(view, rows, hidden + new | map(attribute='load_id') | list) -%}
        {%- endif -%}
    {%- endif -%}

    {%- if is_fresh or new -%}
        {%- for batch in (new | batch(100) | list or [[]]) -%}
            {%- set is_first = is_fresh and loop.first -%}
            {%- set written = rows if is_first else beside(this, '__next_' ~ invocation_id[:8]) -%}
            {%- set ids = batch | map(attribute='load_id') | join("', '") -%}
            {% call statement('main') -%}
                {{ create_table_as(
                    False,
                    written,
                    compiled_code | replace('/* of_new_loads */', "where load_id in ('" ~ ids ~ "')")
                ) }}
            {%- endcall %}
            {%- set folder = adapter.get_glue_table_location(written) -%}
            {%- if not is_first -%}
                {#- the entry alone, and first: an entry that is left over owns its files -#}
                {%- do adapter.delete_from_glue_catalog(written) -%}
            {%- endif -%}
            {%- do add_partitions(rows, batch, folder) -%}
        {%- endfor -%}
        {%- do describe_in_glue(rows, {'classification': 'parquet'}) -%}
    {%- else -%}
        {{ store_raw_result('main', message='OK 0', code='OK', rows_affected='0') }}
    {%- endif -%}

    {%- if is_fresh or new or gone or hidden -%}
        {%- if existing is not none and not existing.is_view -%}
            {%- do drop_relation(existing) -%}  {#- somebody built it by other means -#}
        {%- endif -%}
        {%- do show_rows(view, rows, gone) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [view]}) }}
{% endmaterialization %}


{#- fact_parameters(relation): what the Glue entry of a fact notes: rows_table, build_digest and
    hidden_loads (ids between spaces). Empty where there is no fact, or none of ours. -#}
{% macro fact_parameters(relation) -%}
    {%- set entry = adapter.get_glue_table(relation) -%}
    {{ return(entry['Table'].get('Parameters', {}) if entry is not none else {}) }}
{%- endmacro %}


{#- show_rows(view, rows, hidden): from here on readers see the loads in `rows` that are not among
    `hidden`; the view's Glue entry notes what it hides -#}
{% macro show_rows(view, rows, hidden) -%}
    {%- set columns = adapter.get_columns_in_relation(rows) | map(attribute='name') | list -%}
    {% call statement('show_rows') -%}
        create or replace view {{ view }} as
        select
            {{ columns | join(',\n            ') }}
        from {{ rows }}
        {%- if hidden %}
        where load_id not in ('{{ hidden | join("', '") }}')
        {%- endif %}
    {%- endcall %}
    {%- do describe_in_glue(view, {
        'rows_table': rows.identifier,
        'build_digest': build_digest() | replace("'", ''),
        'hidden_loads': hidden | join(' '),
    }) -%}
{%- endmacro %}


{#- pinned_loads(): job_id and load_id of every load of this build -#}
{% macro pinned_loads() -%}
    {%- set asked -%}
        select pin.job_id, pin.load_id
        from {{ ref('stg_lake__current_loads') }} as pin
        order by pin.load_id asc
    {%- endset -%}
    {{ return(run_query(asked).rows) }}
{%- endmacro %}


{#- pinned_and_held_loads(rows): the same, and every load that has a partition in `rows` -#}
{% macro pinned_and_held_loads(rows) -%}
    {%- set partitions = rows.incorporate(path={'identifier': rows.identifier ~ '$partitions'}) -%}
    {%- set asked -%}
        select
            coalesce(pin.job_id, held.job_id) as job_id,
            coalesce(pin.load_id, held.load_id) as load_id,
            pin.load_id is not null as is_pinned,
            held.load_id is not null as is_held
        from {{ ref('stg_lake__current_loads') }} as pin
        full outer join {{ partitions }} as held on pin.load_id = held.load_id
        order by coalesce(pin.load_id, held.load_id) asc
    {%- endset -%}
    {{ return(run_query(asked).rows) }}
{%- endmacro %}


{#- add_partitions(rows, loads, folder): registers what was written into `folder`, a load without
    rows too, so that no later build looks at it again. Names are plain: see ingest.lake.identity -#}
{% macro add_partitions(rows, loads, folder) -%}
    {%- if loads -%}
        {% call statement('add_partitions') -%}
            alter table {{ rows.render_hive() }} add if not exists
            {%- for load in loads %}
            partition (job_id = '{{ load.job_id }}', load_id = '{{ load.load_id }}')
            location '{{ folder.rstrip("/") }}/job_id={{ load.job_id }}/load_id={{ load.load_id }}/'
            {%- endfor %}
        {%- endcall %}
    {%- endif -%}
{%- endmacro %}


{#- remove_partitions(rows, load_ids): their files, then their entries -#}
{% macro remove_partitions(rows, load_ids) -%}
    {%- if load_ids -%}
        {%- set conditions = [] -%}
        {%- for load_id in load_ids -%}
            {%- do conditions.append("load_id = '" ~ load_id ~ "'") -%}
        {%- endfor -%}
        {%- do adapter.clean_up_partitions(rows, conditions) -%}
    {%- endif -%}
{%- endmacro %}


{#- drop_leftovers(relation, keep): the rows that an earlier full refresh replaced, and what a
    build that broke off left behind: every table of ours beside the fact but `keep`, with files -#}
{% macro drop_leftovers(relation, keep) -%}
    {%- for other in adapter.list_relations_without_caching(relation.without_identifier()) -%}
        {%- set name = other.identifier -%}
        {%- set is_ours = modules.re.fullmatch(relation.identifier ~ '__(next|rows)_[0-9a-f]{8}', name) -%}
        {%- if is_ours and name != keep -%}
            {%- do adapter.clean_up_partitions(other, "load_id <> ''") -%}
            {%- do drop_relation(other) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
