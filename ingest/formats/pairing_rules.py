"""The rules of `pairing`, as the SQL that DuckDB runs. Each step is a table to look at.

`raw_rows` has one row per input row, `expected` one per task; `plan` comes out, with one row
per input row again. `ordinal` is the row's place in reading order.
"""

from __future__ import annotations

LANDS, COPY, TWIN, REJECT = range(4)
"""Decisions: becomes an example; another pass or copy of one; its JSONL twin; nothing."""

SCHEMA = """
create temp table raw_rows (
    ordinal bigint, file integer, task integer, is_twin boolean, is_rejected boolean,
    example_key varchar, item_key varchar, content uhugeint, answer ubigint,
    metadata_text varchar
);
create temp table expected (task integer, documents bigint);
"""

INSERT = """
insert into raw_rows
with keyed as (
    select *,
        content_key(part(system_prompt) || item_text(query, gold_texts)) as example_key,
        content_key(item_text(query, gold_texts)) as item_key
    from batch
)
select
    ordinal, $file, $task, $is_twin, is_rejected, example_key, item_key,
    md5_number(example_key || parts(predictions)),
    -- tells apart only what is left within a task, so 64 bits are enough
    case when query is not null and predictions is not null
        then hash(query, parts(predictions)) end,
    case when $is_twin then metadata_text end
from keyed
"""

# How the rows of a task are told apart
MODES = """
create temp table details as
select ordinal, file, task, example_key, item_key, content
from raw_rows
where not is_twin and not is_rejected;

create temp table found as
select r.task, e.documents, count(*) as rows_found
from raw_rows as r
left join expected as e using (task)
where not r.is_twin
group by r.task, e.documents;

create temp table passes as
with contents as (
    select d.task, d.content, count(*) as copies,
        any_value(f.rows_found // f.documents) as passes
    from details as d
    join found as f using (task)
    where f.documents > 0
        and f.rows_found > f.documents
        and f.rows_found % f.documents = 0
    group by d.task, d.content
)
select task, any_value(passes) as passes
from contents
group by task
having bool_and(copies % passes = 0);

create temp table modes as
select f.task, p.passes,
    case
        when p.passes is not null then 'passes'
        when f.rows_found <= f.documents then 'each'
        else 'files'
    end as mode
from found as f
left join passes as p using (task);
"""

# Which row lands for each row that may be a copy. Rows that share a slot are one example
COPIES = """
create temp table copies as
with numbered as (
    select d.ordinal, d.task, d.content, m.mode, m.passes,
        row_number() over (partition by d.task, d.content order by d.ordinal) - 1 as nth,
        row_number() over (partition by d.task, d.content, d.file order by d.ordinal) - 1
            as nth_in_file,
        count(*) over (partition by d.task, d.content) as occurrences
    from details as d
    join modes as m using (task)
    where m.mode <> 'each'
),
slotted as (
    select ordinal, task, content,
        case when mode = 'passes' then nth % (occurrences // passes) else nth_in_file end as slot
    from numbered
)
select ordinal,
    first_value(ordinal) over (partition by task, content, slot order by ordinal) as original
from slotted;
"""

# Which example each twin belongs to; run only where there are twins
TWINS = """
create temp table twins as
with numbered as (
    select ordinal, content, item_key,
        row_number() over (partition by content, file order by ordinal) as slot
    from raw_rows
    where is_twin and not is_rejected
)
select ordinal, content, item_key,
    first_value(ordinal) over (partition by content, slot order by ordinal) as original
from numbered;

create temp table examples as
select d.ordinal, d.content, d.item_key
from details as d
left join copies as c using (ordinal)
where c.original is null or c.original = d.ordinal;

create temp table pairs as
select t.ordinal as twin, e.ordinal as example
from (
    select ordinal, content, row_number() over (partition by content order by ordinal) as nth
    from twins
    where original = ordinal
) as t
join (
    select ordinal, content, row_number() over (partition by content order by ordinal) as nth
    from examples
) as e using (content, nth);

insert into pairs
select t.ordinal as twin, e.ordinal as example
from (
    select ordinal, item_key, row_number() over (partition by item_key order by ordinal) as nth
    from twins
    where original = ordinal and ordinal not in (select twin from pairs)
) as t
join (
    select ordinal, item_key, row_number() over (partition by item_key order by ordinal) as nth
    from examples
    where ordinal not in (select example from pairs)
) as e using (item_key, nth);

-- a line may hold one of several gold answers
insert into pairs
select t.ordinal as twin, e.ordinal as example
from (
    select ordinal, r.task, r.answer,
        row_number() over (partition by r.task, r.answer order by ordinal) as nth
    from twins
    join raw_rows as r using (ordinal)
    where original = ordinal and r.answer is not null
        and ordinal not in (select twin from pairs)
) as t
join (
    select ordinal, r.task, r.answer,
        row_number() over (partition by r.task, r.answer order by ordinal) as nth
    from examples
    join raw_rows as r using (ordinal)
    where r.answer is not null and ordinal not in (select example from pairs)
) as e using (task, answer, nth);
"""

NO_TWINS = """
create temp table twins (ordinal bigint, content uhugeint, item_key varchar, original bigint);
create temp table pairs (twin bigint, example bigint);
"""

# One join to a statement: each spills by itself, but several that are held open at once do not
PLAN = f"""
create temp table with_copies as
select r.ordinal, r.task, r.example_key, r.item_key, r.is_rejected, r.is_twin,
    c.original as first_copy
from raw_rows as r
left join copies as c using (ordinal);

create temp table with_twins as
select r.*, t.original as first_twin
from with_copies as r
left join twins as t using (ordinal);

drop table with_copies;

create temp table decided as
select r.ordinal, r.task, r.example_key, r.item_key,
    case
        when r.is_rejected then null
        when r.is_twin then coalesce(p.example, r.first_twin)
        else coalesce(r.first_copy, r.ordinal)
    end as example,
    case
        when r.is_rejected then {REJECT}
        when r.is_twin and r.first_twin <> r.ordinal then {COPY}
        when r.is_twin and p.example is not null then {TWIN}
        when r.first_copy <> r.ordinal then {COPY}
        else {LANDS}
    end as decision
from with_twins as r
left join pairs as p on p.twin = coalesce(r.first_twin, r.ordinal);

drop table with_twins;

create temp table landed as
select ordinal, example_key, item_key,
    cast(row_number() over (partition by example_key order by ordinal) - 1 as integer)
        as repeat_index
from decided
where decision = {LANDS};

-- a copy of a twin goes where the twin went
create temp table keyed as
select d.ordinal, d.task, cast(d.decision as utinyint) as decision, d.example,
    l.example_key, l.item_key, l.repeat_index
from decided as d
left join landed as l on l.ordinal = d.example;

drop table decided;
drop table landed;

create temp table claimed as
select p.example, r.metadata_text
from pairs as p
join raw_rows as r on r.ordinal = p.twin;

create temp table told as
select k.*, c.metadata_text
from keyed as k
left join claimed as c on c.example = k.ordinal;

drop table keyed;
drop table claimed;

-- in order, so that the rows of a batch lie together
create temp table plan as
select * from told order by ordinal;

drop table told;
"""
