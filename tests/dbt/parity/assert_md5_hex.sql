-- md5_hex gives RFC 1321's digests, and those of UTF-8 bytes; null for null.

with given as (

    select
        text,
        digest
    from (
        values
        ('', 'd41d8cd98f00b204e9800998ecf8427e'),
        ('abc', '900150983cd24fb0d6963f7d28e17f72'),
        ('grün ≥ 5 %', '{{ local_md5("grün ≥ 5 %") }}')
    ) as v (text, digest)

)

select text
from given
where coalesce({{ md5_hex('text') }} <> digest, true)

union all

select 'null' as text
where {{ md5_hex('cast(null as varchar)') }} is not null
