{# First day of the academic year that a date falls in, for a school whose year begins in month `start_month`. #}
{% macro academic_year_start(date, start_month) -%}
    {{ add_months(
        "cast(date_trunc('year', " ~ date ~ ") as date)",
        "cast(" ~ start_month ~ " - 1 - case when extract(month from " ~ date ~ ") < " ~ start_month ~ " then 12 else 0 end as integer)"
    ) }}
{%- endmacro %}

{# First day of the academic quarter that a date falls in: the four spans of three months from the academic year's first day. #}
{% macro academic_quarter_start(date, year_start) -%}
    {{ add_months(
        year_start,
        "3 * cast(floor(((extract(year from " ~ date ~ ") - extract(year from " ~ year_start ~ ")) * 12"
        ~ " + extract(month from " ~ date ~ ") - extract(month from " ~ year_start ~ ")) / 3) as integer)"
    ) }}
{%- endmacro %}
