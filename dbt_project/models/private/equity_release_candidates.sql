-- Protected counts of every closed cohort that was handed over for release (A pool, B outcomes, C all schools): keyed two-sided geometric noise on each cell, then
-- the nearest counts (in least squares, exact integers) that are not negative and add up to the cohort's public number of people.
-- Rerun, shuffled or on another engine the rows are the same: the noise is looked up by a keyed hash of the cell's content.
{% set attributes = ['self_id', 'gender', 'ethnicity', 'age_band', 'disability', 'veteran'] %}
{% set cell_group = 'release, tenant_id, period_kind, period_start, outcome_bin, attribute' %}

with cohorts as (

    select
        release,
        tenant_id,
        period_kind,
        period_start,
        period_end,
        outcome_bin,
        cast(count(*) as bigint) as people_count
    from {{ source('private', 'equity_people') }}
    group by release, tenant_id, period_kind, period_start, period_end, outcome_bin
    having count(*) >= case when release = 'C' then 500 when release = 'A' and period_kind = 'quarter' then 20 else 10 end

),

answers as (
    {% for attribute in attributes %}
    select
        release,
        tenant_id,
        period_kind,
        period_start,
        outcome_bin,
        '{{ attribute }}' as attribute,
        {{ attribute }} as answer,
        record_key
    from {{ source('private', 'equity_people') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

answered as (

    select
        answers.release,
        answers.tenant_id,
        answers.period_kind,
        answers.period_start,
        answers.outcome_bin,
        answers.attribute,
        coalesce(categories.category, 'undisclosed') as category,
        cast(count(*) as bigint) as people_count,
        cast(sum(answers.record_key) as bigint) as record_key_sum
    from answers
    left join {{ ref('equity_categories') }} as categories
        on answers.attribute = categories.attribute and answers.answer = categories.category
    group by
        answers.release, answers.tenant_id, answers.period_kind, answers.period_start, answers.outcome_bin, answers.attribute,
        coalesce(categories.category, 'undisclosed')

),

cells as (

    select
        cohorts.release,
        cohorts.tenant_id,
        cohorts.period_kind,
        cohorts.period_start,
        cohorts.period_end,
        cohorts.outcome_bin,
        cohorts.people_count as cohort_people_count,
        categories.attribute,
        categories.category,
        coalesce(answered.people_count, 0) as people_count,
        coalesce(answered.record_key_sum, 0) as record_key_sum
    from cohorts
    cross join {{ ref('equity_categories') }} as categories
    left join answered
        on
            cohorts.release = answered.release
            and cohorts.tenant_id = answered.tenant_id
            and cohorts.period_kind = answered.period_kind
            and cohorts.period_start = answered.period_start
            and cohorts.outcome_bin = answered.outcome_bin
            and categories.attribute = answered.attribute
            and categories.category = answered.category

),

hashed as (

    select
        cells.*,
        secret.key_id,
        {{ sha256_hex("secret.secret || '|' || cells.release || '|' || cells.tenant_id || '|' || cells.period_kind || ':'
            || cast(cells.period_start as varchar(10)) || '|' || cells.outcome_bin || '|' || cells.attribute || '|' || cells.category || '|'
            || cast(cells.people_count as varchar(20)) || '|' || cast(cells.record_key_sum as varchar(20))") }} as hash
    from cells
    cross join {{ source('private', 'equity_secret') }} as secret

),

noised as (

    select
        hashed.*,
        hashed.people_count + noise.noise as noisy_count,
        {{ bytewise('substr(hashed.hash, 14, 12)') }} as tie
    from hashed
    inner join {{ source('private', 'equity_noise') }} as noise
        on
            hashed.release = noise.release
            and {{ bytewise('substr(hashed.hash, 1, 13)') }} >= {{ bytewise('noise.from_hash') }}
            and {{ bytewise('substr(hashed.hash, 1, 13)') }} < {{ bytewise('noise.to_hash') }}

),

ranked as (

    select
        *,
        row_number() over (partition by {{ cell_group }} order by noisy_count desc, tie) as place,
        sum(noisy_count) over (
            partition by {{ cell_group }} order by noisy_count desc, tie
            rows between unbounded preceding and current row
        ) as running_count
    from noised

),

-- The projection keeps the largest cells, as many as can each give up the same amount and stay above zero.
kept as (

    select
        *,
        max(case when noisy_count * place > running_count - cohort_people_count then place end)
            over (partition by {{ cell_group }}) as kept_count
    from ranked

),

excess as (

    select
        *,
        cast(max(case when place = kept_count then running_count end) over (partition by {{ cell_group }}) as bigint)
        - cohort_people_count as excess_count
    from kept

),

-- a = kept_count * noisy_count - excess_count over kept_count, rounded down: the remainder is taken off first, so the division is exact.
shared as (

    select
        *,
        kept_count * noisy_count - excess_count as share_numerator
    from excess

),

floored as (

    select
        *,
        case
            when place <= kept_count
                then cast(
                    (share_numerator - mod(mod(share_numerator, kept_count) + kept_count, kept_count)) / kept_count as bigint
                )
            else 0
        end as whole_count
    from shared

),

dealt as (

    select
        *,
        cohort_people_count - cast(sum(whole_count) over (partition by {{ cell_group }}) as bigint) as left_over_count,
        row_number() over (
            partition by {{ cell_group }} order by case when place <= kept_count then 0 else 1 end, tie
        ) as turn
    from floored

)

select
    release,
    tenant_id,
    period_kind,
    period_start,
    period_end,
    outcome_bin,
    attribute,
    category,
    cast(whole_count + case when turn <= left_over_count then 1 else 0 end as bigint) as people_count,
    cast(cohort_people_count as bigint) as cohort_people_count,
    case when release = 'B' then cast(noisy_count as bigint) end as noisy_count,
    key_id
from dealt
