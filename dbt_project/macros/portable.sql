{# The few expressions that engines spell differently. Everything else in this project is SQL that DuckDB, Postgres and Spark share. #}

{# Exact elapsed time between two instants, in whole microseconds (bigint): integers add up the same in any order. #}
{% macro elapsed_microseconds(start_at, end_at) -%}
    {{ return(adapter.dispatch('elapsed_microseconds')(start_at, end_at)) }}
{%- endmacro %}

{% macro default__elapsed_microseconds(start_at, end_at) -%}
    (unix_micros({{ end_at }}) - unix_micros({{ start_at }}))
{%- endmacro %}

{% macro duckdb__elapsed_microseconds(start_at, end_at) -%}
    (epoch_us({{ end_at }}) - epoch_us({{ start_at }}))
{%- endmacro %}

{% macro postgres__elapsed_microseconds(start_at, end_at) -%}
    cast(extract(epoch from ({{ end_at }} - {{ start_at }})) * 1000000 as bigint)
{%- endmacro %}

{# Microseconds to days: one correctly rounded division, so every engine gets the same bits. #}
{% macro days(microseconds) -%}
    (cast({{ microseconds }} as double precision) / 86400000000)
{%- endmacro %}

{% macro elapsed_days(start_at, end_at) -%}
    {{ days(elapsed_microseconds(start_at, end_at)) }}
{%- endmacro %}

{# The calendar date of an instant in a school's own IANA zone. #}
{% macro local_date(instant, timezone) -%}
    {{ return(adapter.dispatch('local_date')(instant, timezone)) }}
{%- endmacro %}

{% macro default__local_date(instant, timezone) -%}
    cast(({{ instant }} at time zone {{ timezone }}) as date)
{%- endmacro %}

{% macro spark__local_date(instant, timezone) -%}
    cast(from_utc_timestamp({{ instant }}, {{ timezone }}) as date)
{%- endmacro %}

{# The instant at which a calendar date begins in a school's own zone. #}
{% macro local_midnight(date, timezone) -%}
    {{ return(adapter.dispatch('local_midnight')(date, timezone)) }}
{%- endmacro %}

{% macro default__local_midnight(date, timezone) -%}
    (cast({{ date }} as timestamp) at time zone {{ timezone }})
{%- endmacro %}

{% macro spark__local_midnight(date, timezone) -%}
    to_utc_timestamp(cast({{ date }} as timestamp), {{ timezone }})
{%- endmacro %}

{% macro month_start(date) -%}
    cast(date_trunc('month', {{ date }}) as date)
{%- endmacro %}

{# A date moved by whole months (an integer expression). #}
{% macro add_months(date, months) -%}
    {{ return(adapter.dispatch('add_months')(date, months)) }}
{%- endmacro %}

{% macro default__add_months(date, months) -%}
    cast(({{ date }} + ({{ months }}) * interval '1 month') as date)
{%- endmacro %}

{% macro spark__add_months(date, months) -%}
    add_months({{ date }}, {{ months }})
{%- endmacro %}

{# Text ordered by bytes, whatever the database's collation: ties break alike everywhere. #}
{% macro bytewise(text) -%}
    {{ return(adapter.dispatch('bytewise')(text)) }}
{%- endmacro %}

{% macro default__bytewise(text) -%}
    {{ text }}
{%- endmacro %}

{% macro postgres__bytewise(text) -%}
    ({{ text }} collate "C")
{%- endmacro %}

{# Is `value` an element of the text array `array`? #}
{% macro array_has(array, value) -%}
    {{ return(adapter.dispatch('array_has')(array, value)) }}
{%- endmacro %}

{% macro default__array_has(array, value) -%}
    array_contains({{ array }}, {{ value }})
{%- endmacro %}

{% macro postgres__array_has(array, value) -%}
    ({{ value }} = any({{ array }}))
{%- endmacro %}
