{#-
    build_digest(): a fingerprint, as a SQL string, of everything that decides a fact's rows
    apart from the lake: its own text, the text of every model it is made from, and the value of
    every variable that these texts name as var('...').

    Texts of macros are not part of it (dbt does not tell), so facts use no macro that decides a
    value; tests/rules/test_sql_layout.py watches over that. The exceptions, follows_schema and
    what recalibrated confidence is computed with, are part of it by the SQL that they render.

    int_changed_loads and int_changed_pairs say which rows to compute, not what is in them: they,
    and what they are made from, are no part of it.
-#}
{% macro build_digest() -%}
    {%- if not execute -%}
        {{ return("''") }}
    {%- endif -%}
    {%- set seen = [] -%}
    {%- set ahead = model.depends_on.nodes | list -%}
    {%- set texts = [model.raw_code] -%}
    {%- for _ in range(graph.nodes | length) if ahead -%}
        {%- set unique_id = ahead.pop() -%}
        {%- set node = graph.nodes.get(unique_id) -%}
        {%- set chooses_rows = unique_id.split('.')[-1] in ['int_changed_loads', 'int_changed_pairs'] -%}
        {%- if node is not none and unique_id not in seen and not chooses_rows -%}
            {%- do seen.append(unique_id) -%}
            {%- do texts.append(node.raw_code) -%}
            {%- do ahead.extend(node.depends_on.nodes) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set text = texts | sort | join('\n') -%}
    {%- set values = [] -%}
    {%- for name in modules.re.findall("var[(]'([a-z_]+)'", text) | unique | sort -%}
        {%- do values.append(name ~ '=' ~ tojson(var(name), none, True)) -%}
    {%- endfor -%}
    {%- if 'follows_schema(' in text and var('answer_schema') is not none -%}
        {%- do values.append(follows_schema(var('answer_schema'))) -%}
    {%- endif -%}
    {%- if 'fold_of(' in text -%}
        {#- the one part of it that engines spell differently is left out -#}
        {%- set fold = fold_of('x', 2) | replace(md5_hex("'fold|' || x"), 'md5') -%}
        {%- do values.append(fold ~ logit('x') ~ logistic('x') ~ logit_bin('x')) -%}
    {%- endif -%}
    {{ return("'" ~ local_md5(text ~ values | join('\n'))[:12] ~ "'") }}
{%- endmacro %}
