{#-
    of_changed_loads(column, compared, word): the `where` of an import CTE in a work table or a kept
    one: only the loads that this build has to compute (int_changed_loads). Nothing where those are
    all there are.

    column: load_id, or job_id where the import has no load_id.
    compared: loads that comparisons need besides: none; 'candidates' of the pairs of jobs that
    this build has to compute; or 'both' sides of them.

    word: `and` where the import has other conditions before it.

    of_compared_loads(column, word): only the loads of those pairs, on both sides.

    DuckDB: a few ids are written as literals, by which files are left out unread; many are looked
    up. Athena computes every load: nothing. In unit tests (no `this`): nothing.
-#}
{% macro of_changed_loads(column='load_id', compared=none, word='where') -%}
    {{ return(adapter.dispatch('of_changed_loads', 'evallake')(column, compared, word, True)) }}
{%- endmacro %}

{% macro of_compared_loads(column='load_id', word='where') -%}
    {{ return(adapter.dispatch('of_changed_loads', 'evallake')(column, 'both', word, False)) }}
{%- endmacro %}

{% macro duckdb__of_changed_loads(column, compared, word, changed) -%}
    {%- if not execute -%}  {#- tells dbt what comes first -#}
        {%- if changed -%}
            {%- do ref('int_changed_loads') -%}
        {%- endif -%}
        {%- if compared -%}
            {%- do ref('int_changed_pairs') -%}
        {%- endif -%}
    {%- elif this and may_keep_loads() -%}
        {%- set wanted = [] -%}
        {%- if changed -%}
            {%- do wanted.append('load_id in (select load_id from ' ~ relation_of('int_changed_loads') ~ ')') -%}
        {%- endif -%}
        {%- for side in {'candidates': ['candidate'], 'both': ['baseline', 'candidate']}.get(compared, []) -%}
            {%- do wanted.append(
                'job_id in (select ' ~ side ~ '_job_id from ' ~ relation_of('int_changed_pairs') ~ ')'
            ) -%}
        {%- endfor -%}
        {{ among_pinned(column, wanted | join(' or '), word) }}
    {%- endif -%}
{%- endmacro %}

{#- among_pinned(column, condition, word): that `where` for the pinned loads that fulfil `condition` -#}
{% macro among_pinned(column, condition, word='where') -%}
    {%- set pin = relation_of('stg_lake__current_loads') -%}
    {%- set counts = run_query(
        'select count(*) filter (where ' ~ condition ~ '), count(*) from ' ~ pin
    ).rows[0] -%}
    {%- if counts[0] == counts[1] -%}
    {%- elif counts[0] == 0 -%}
        {{ word }} false
    {%- elif counts[0] <= 300 -%}
        {%- set ids = run_query(
            'select ' ~ column ~ ' from ' ~ pin ~ ' where ' ~ condition ~ ' order by ' ~ column
        ).columns[0].values() -%}
        {{ word }} {{ column }} in ('{{ ids | join("', '") }}')
    {%- else -%}
        {{ word }} {{ column }} in (select {{ column }} from {{ pin }} where {{ condition }})
    {%- endif -%}
{%- endmacro %}

{% macro athena__of_changed_loads(column, compared, word, changed) -%}
{%- endmacro %}

{% macro default__of_changed_loads(column, compared, word, changed) -%}
    {{ exceptions.raise_compiler_error(
        "of_changed_loads has no '" ~ target.type ~ "' version; add " ~ target.type
        ~ "__of_changed_loads to macros/portable/of_changed_loads.sql"
    ) }}
{%- endmacro %}
