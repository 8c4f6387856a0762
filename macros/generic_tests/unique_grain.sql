{#-
    Fails with one row per key that occurs twice, or that lacks one of the columns `not_null` (of the
    grain or not): one test, since each costs dbt more than the engine.
    `columns` is the model's declared grain. Of a table that is kept only the rows of this build are
    looked at, where its grain begins with the job or the pair of jobs (tested_rows).
-#}
{% test unique_grain(model, columns, not_null=[]) %}
select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }} {{ tested_rows(model) if columns[0] in ['job_id', 'baseline_job_id'] }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in not_null %}
    or count({{ column }}) < count(*)
    {%- endfor %}
{% endtest %}
