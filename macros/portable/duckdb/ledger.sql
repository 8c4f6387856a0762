{#-
    Rows that outlive a build, on DuckDB. Three sorts of tables:

        facts          keep rows by load_id, and find out themselves which loads they lack
        kept tables    keep rows by job, or by pair of jobs: marts, and what gates read
        work tables    everything between them: hold the changed loads or pairs of the last build

    and one table that says what is kept:

        build_ledger   model_name, build_digest, part, is_tested

    A part is what rows are made of: a load_id, or int_pair_requests.made_of. It is noted at the end
    of a run in which nothing failed, with the digest of the project and the variables. A build
    computes the parts that one of its kept models does not hold by today's digest
    (int_changed_loads, int_changed_pairs), and so does again what a failed run had left. What a run
    is going to overwrite is forgotten first: then a run that broke off is done again, too.

    See docs/decisions/0046.
-#}

{#- kept_models(kind): the models that keep rows, facts too. kind: 'loads', 'pairs', or both. -#}
{% macro kept_models(kind=none) -%}
    {%- set kept = [] -%}
    {%- for node in graph.nodes.values() -%}
        {%- if node.resource_type == 'model' and node.config.materialized == 'incremental' -%}
            {%- set own_kind = 'pairs' if node.config.incremental_strategy == 'changed_pairs' else 'loads' -%}
            {%- if kind is none or kind == own_kind -%}
                {%- do kept.append(node) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(kept) }}
{%- endmacro %}


{#- relation_of(name): a model's table as it is written in SQL. For models that come first in any
    case; `ref` would want to be told so by each user. -#}
{% macro relation_of(name) -%}
    {{ return(graph.nodes['model.evallake.' ~ name].relation_name) }}
{%- endmacro %}


{% macro ledger() -%}
    {{ return(relation_of('stg_lake__current_loads') | replace('stg_lake__current_loads', 'build_ledger')) }}
{%- endmacro %}


{% macro has_ledger() -%}
    {%- set pin = graph.nodes['model.evallake.stg_lake__current_loads'] -%}
    {{ return(load_relation(api.Relation.create(
        database=pin.database, schema=pin.schema, identifier='build_ledger'
    )) is not none) }}
{%- endmacro %}


{#- is_in_ledger(model_name): whether it holds anything that was made by today's digest -#}
{% macro is_in_ledger(model_name) -%}
    {%- if not has_ledger() -%}
        {{ return(False) }}
    {%- endif -%}
    {%- set asked = "select count(*) from " ~ ledger() ~ " where model_name = '" ~ model_name
        ~ "' and build_digest = '" ~ ledger_digest() ~ "'" -%}
    {{ return(run_query(asked).rows[0][0] > 0) }}
{%- endmacro %}


{#- ledger_digest(): models, macros and project file (the plugin's word), and the variables given to
    this run. Those that only choose pairs are left out: what they choose is part of made_of. -#}
{% macro ledger_digest() -%}
    {%- set choosing = [
        'baselines', 'baseline_tag', 'all_pairs_models', 'bootstrap_pairs', 'load_at_a_time'
    ] -%}
    {%- set code = run_query("select getvariable('project_digest')").rows[0][0] -%}
    {%- if not code -%}
        {{ exceptions.raise_compiler_error(
            "the plugin evallake.engines.plugin is missing from the profile: it tells which project "
            ~ "rows were made by"
        ) }}
    {%- endif -%}
    {%- set values = [] -%}
    {%- for name, value in (invocation_args_dict.get('vars') or {}).items() if name not in choosing -%}
        {%- do values.append(name ~ '=' ~ tojson(value, none, True)) -%}
    {%- endfor -%}
    {{ return(local_md5(code ~ values | sort | join('\n'))) }}
{%- endmacro %}


{#- parts_of(kind): every part there is now, as a query with one column, part -#}
{% macro parts_of(kind) -%}
    {%- if kind == 'pairs' -%}
        {{ return('select made_of as part from ' ~ relation_of('int_pair_requests')) }}
    {%- endif -%}
    {{ return('select load_id as part from ' ~ relation_of('stg_lake__current_loads')) }}
{%- endmacro %}


{% macro forgetting_sql(kind) -%}
    {%- set names = kept_models(kind)
        | selectattr('unique_id', 'in', selected_resources) | map(attribute='name') | join("', '") -%}
    create table if not exists {{ ledger() }} (
        model_name varchar, build_digest varchar, part varchar, is_tested boolean
    );
    delete from {{ ledger() }}
    where
        model_name in ('{{ names }}')
        and (build_digest <> '{{ ledger_digest() }}' or part not in ({{ parts_of(kind) }}))
{%- endmacro %}


{#- A model counts as tested where every test that looks at it was part of the run. -#}
{% macro noting_sql(results) -%}
    {%- set fine = [] -%}
    {%- for result in results -%}
        {%- if result.status | string not in ['success', 'pass', 'warn'] -%}
            {{ return('') }}
        {%- endif -%}
        {%- do fine.append(result.node.unique_id) -%}
    {%- endfor -%}
    {%- if 'model.evallake.stg_lake__current_loads' not in fine -%}
        {{ return('') }}  {#- no build: tests alone, or models that are beside this -#}
    {%- endif -%}
    {%- set untested = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'test' and node.unique_id not in fine -%}
        {%- do untested.extend(node.depends_on.nodes) -%}
    {%- endfor -%}
    {%- set statements = [] -%}
    {%- for kind in ['loads', 'pairs'] -%}
        {%- for node in kept_models(kind) if node.unique_id in fine -%}
            {%- do statements.append(
                "delete from " ~ ledger() ~ " where model_name = '" ~ node.name ~ "'"
            ) -%}
            {%- do statements.append(
                "insert into " ~ ledger() ~ " select '" ~ node.name ~ "', '" ~ ledger_digest()
                ~ "', part, " ~ (node.unique_id not in untested) ~ " from (" ~ parts_of(kind) ~ ")"
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(statements | join(';\n')) }}
{%- endmacro %}


{#- Work tables hold what the last build needed. A kept model that lacks parts, and is built without
    the models above it, would take those for all there is. -#}
{% macro refuse_lost_rows() -%}
    {%- if invocation_args_dict.get('which') not in ['build', 'run'] or not this -%}
        {{ return('') }}
    {%- endif -%}
    {%- set left_out = [] -%}
    {%- set seen = [] -%}
    {%- set ahead = model.depends_on.nodes | list -%}
    {%- for _ in range(graph.nodes | length) if ahead -%}
        {%- set unique_id = ahead.pop() -%}
        {%- set node = graph.nodes.get(unique_id) -%}
        {%- if node is not none and unique_id not in seen -%}
            {%- do seen.append(unique_id) -%}
            {%- do ahead.extend(node.depends_on.nodes) -%}
            {%- if unique_id not in selected_resources and node.config.materialized != 'view' -%}
                {%- do left_out.append(node.name) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if left_out -%}
        {%- set kind = 'pairs' if config.get('incremental_strategy') == 'changed_pairs' else 'loads' -%}
        {%- set may_keep = may_keep_loads() and not flags.FULL_REFRESH -%}
        {%- set held = "select part from " ~ ledger() ~ " where model_name = '" ~ model.name
            ~ "' and build_digest = '" ~ ledger_digest() ~ "'" -%}
        {%- set lacking = 'select count(*) from (' ~ parts_of(kind) ~ ')'
            ~ (' where part not in (' ~ held ~ ')' if may_keep and has_ledger() else '') -%}
        {%- if run_query(lacking).rows[0][0] > 0 -%}
            {{ exceptions.raise_compiler_error(
                model.name ~ " is not up to date, and " ~ left_out | length ~ " of the models that it is "
                ~ "made from are not selected: select +" ~ model.name
            ) }}
        {%- endif -%}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}


{#- Incremental strategies: delete and insert in the transaction of the materialization. -#}
{% macro get_incremental_changed_jobs_sql(arguments) -%}
    delete from {{ arguments['target_relation'] }}
    where job_id not in (
        select pin.job_id
        from {{ relation_of('stg_lake__current_loads') }} as pin
        where pin.load_id not in (select load_id from {{ relation_of('int_changed_loads') }})
    );
    {{ inserted_rows(arguments) }}
{%- endmacro %}


{% macro get_incremental_changed_pairs_sql(arguments) -%}
    delete from {{ arguments['target_relation'] }}
    where (baseline_job_id, candidate_job_id) not in (
        select (requests.baseline_job_id, requests.candidate_job_id)
        from {{ relation_of('int_pair_requests') }} as requests
        where requests.pair_id not in (select pair_id from {{ relation_of('int_changed_pairs') }})
    );
    {{ inserted_rows(arguments) }}
{%- endmacro %}


{% macro inserted_rows(arguments) -%}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    insert into {{ arguments['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arguments['temp_relation'] }}
{%- endmacro %}
