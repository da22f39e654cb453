"""Synthetic feature and label frames with known hazards, in the columns of features.* and marts.*.

Planted, so that tests can look for them: mathematics fills later than english; each offer out multiplies the hazard of being
filled; on-hold openings fill later; noise columns have no effect. Candidates: verified licence, recommendations and being a
referral raise the chance of hire; a subject match raises success after hire.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

START = datetime(2024, 1, 1, tzinfo=UTC)
AS_OF = datetime(2026, 11, 21, tzinfo=UTC)
SUBJECTS = ["english", "mathematics", "science", "special_education"]
SUBJECT_EFFECT = {"english": 0.5, "mathematics": -0.5, "science": 0.0, "special_education": -0.2}
_INSTANT = pl.Datetime("us", "UTC")


def _instants(days: np.ndarray) -> pl.Series:
    micros = (np.nan_to_num(days, nan=0.0) * 86_400_000_000).astype(np.int64)
    values = pl.Series(np.int64(START.timestamp() * 1_000_000) + micros).cast(_INSTANT)
    return pl.select(pl.when(pl.Series(~np.isnan(days))).then(values)).to_series()


def hiring_time_frames(openings: int = 1500, seed: int = 7, signal: float = 1.0, as_of: datetime = AS_OF) -> dict[str, pl.DataFrame]:
    """Return {"features.features_time_to_hire", "marts.mart_time_to_fill"}; ``signal`` 0 makes every feature useless."""
    random = np.random.default_rng(seed)
    horizon = (as_of - START).total_seconds() / 86400
    approved = random.uniform(0, horizon - 1, openings)
    subject = random.choice(SUBJECTS, openings)
    job = random.integers(0, max(openings * 3 // 4, 1), openings)
    visa, fte = random.random(openings) < 0.3, random.choice([0.5, 1.0], openings)
    effect = signal * np.array([SUBJECT_EFFECT[name] for name in subject]) + signal * 0.3 * visa
    interview = random.gamma(2.0, 9.0 * np.exp(-effect), openings)
    to_offer = random.gamma(2.0, 10.0 * np.exp(-effect), openings)
    offer = interview + to_offer if signal else random.gamma(2.0, 19.0, openings)
    fill = offer + random.gamma(2.0, 4.0, openings) if signal else 8 + 6 * random.weibull(3.0, openings) + 30
    cancel = random.exponential(400, openings)
    salary, people = random.normal(50_000, 8_000, openings), random.negative_binomial(2, 0.2, openings) + 1
    ended = np.minimum(fill, cancel)
    rows = []
    moments = {"at_open": np.full(openings, 0.5), "day_14": np.full(openings, 14.0), "first_interview": interview, "offer": offer}
    moments["current"] = horizon - approved
    for landmark, elapsed in moments.items():
        alive = (elapsed < ended) & (approved + elapsed <= horizon)
        interviewed, offered = (interview <= elapsed) & (signal > 0), (offer <= elapsed) & (signal > 0)
        start = START + timedelta(0)
        days = approved + elapsed
        month = np.array([(start + timedelta(days=float(day))).month for day in days])
        count = random.poisson(people * np.clip(elapsed, 1, 60) / 30)
        rows.append(
            pl.DataFrame(
                {
                    "opening_id": [f"o{i}" for i in range(openings)],
                    "tenant_id": [f"t{j % 20}" for j in job],
                    "job_id": [f"j{j}" for j in job],
                    "as_of": _instants(days),
                    "landmark": [landmark] * openings,
                    "subject": subject,
                    "staff_class": ["teacher"] * openings,
                    "grade_range": random.choice(["primary", "secondary"], openings),
                    "country": random.choice(["GB", "US"], openings),
                    "has_visa_sponsorship": visa,
                    "is_on_hold": random.random(openings) < 0.05,
                    "fte": fte,
                    "headcount": np.ones(openings),
                    "salary_mid": salary,
                    "elapsed_days": elapsed,
                    "as_of_month": month,
                    "days_to_target_start": 120 - elapsed,
                    "postings_count": random.integers(1, 4, openings),
                    "applications_count": count,
                    "applications_14d_count": np.minimum(count, random.poisson(2, openings)),
                    "reached_screen_count": interviewed + random.poisson(1, openings),
                    "reached_interview_count": interviewed.astype(int),
                    "reached_demo_count": np.zeros(openings, dtype=int),
                    "reached_offer_count": offered.astype(int),
                    "active_count": random.poisson(3, openings),
                    "offers_out_count": offered.astype(int),
                    "offers_declined_count": np.zeros(openings, dtype=int),
                    "days_since_last_event": random.exponential(5, openings),
                    "tenant_open_openings_count": random.poisson(8, openings),
                    "tenant_filled_365d_count": random.poisson(20, openings),
                    "tenant_mean_fill_days_365d": random.normal(50, 5, openings),
                }
            ).filter(pl.Series(alive))
        )
    is_filled = (fill <= cancel) & (approved + fill <= horizon)
    is_cancelled = (cancel < fill) & (approved + cancel <= horizon)
    marts = pl.DataFrame(
        {
            "opening_id": [f"o{i}" for i in range(openings)],
            "job_id": [f"j{j}" for j in job],
            "tenant_id": [f"t{j % 20}" for j in job],
            "subject": subject,
            "approved_at": _instants(approved),
            "is_filled": is_filled,
            "is_cancelled": is_cancelled,
            "is_censored": ~(is_filled | is_cancelled),
            "filled_at": _instants(np.where(is_filled, approved + fill, np.nan)),
            "cancelled_at": _instants(np.where(is_cancelled, approved + cancel, np.nan)),
        }
    )
    return {"features.features_time_to_hire": pl.concat(rows), "marts.mart_time_to_fill": marts}


def candidate_frames(applications: int = 6000, seed: int = 7, signal: float = 1.0) -> dict[str, pl.DataFrame]:
    """Return {"features.features_candidate_success", "marts.fct_applications", "marts.mart_hire_outcomes"}."""
    random = np.random.default_rng(seed)
    horizon = (AS_OF - START).total_seconds() / 86400
    applied = random.uniform(0, horizon - 1, applications)
    licence, match = random.random(applications) < 0.6, random.random(applications) < 0.7
    channel = random.choice(["job_board", "career_site", "referral"], applications, p=[0.5, 0.4, 0.1])
    quality = random.normal(0, 1, applications)
    strength = -2.2 + signal * (0.8 * licence + 0.9 * (channel == "referral") + 0.6 * quality)
    hired = random.random(applications) < 1 / (1 + np.exp(-strength))
    duration = random.gamma(3.0, 12.0, applications) + 20 * hired
    succeeds = random.random(applications) < 1 / (1 + np.exp(-(0.6 + signal * (1.0 * match + 0.6 * quality))))
    ids = [f"a{i}" for i in range(applications)]
    job = random.integers(0, max(applications // 8, 1), applications)
    keys = {"application_id": ids, "tenant_id": [f"t{j % 20}" for j in job], "job_id": [f"j{j}" for j in job]}
    rows = []
    for rank, (landmark, elapsed) in enumerate({"applied": np.zeros(applications), "screened": 0.3 * duration}.items(), start=1):
        alive = (applied + elapsed <= horizon) & ((rank == 1) | (random.random(applications) < 0.5 + 0.4 * hired))
        seen = np.where(
            random.random(applications) < 0.7 * (rank > 1), np.clip(quality + random.normal(0, 0.5, applications), -2, 2), np.nan
        )
        rows.append(
            pl.DataFrame(
                keys
                | {
                    "as_of": _instants(applied + elapsed),
                    "landmark": [landmark] * applications,
                    "subject": random.choice(SUBJECTS, applications),
                    "staff_class": ["teacher"] * applications,
                    "country": random.choice(["GB", "US"], applications),
                    "origin": ["applied"] * applications,
                    "channel_type": channel,
                    "qualification_level": random.choice(["bachelor", "master"], applications),
                    "is_internal": np.zeros(applications, dtype=bool),
                    "subject_match": match,
                    "has_verified_licence": licence,
                    "years_experience": random.poisson(6, applications),
                    "credentials_count": random.poisson(1, applications),
                    "job_applications_count": random.poisson(8, applications),
                    "elapsed_days": elapsed,
                    "furthest_rank": np.full(applications, rank),
                    "days_since_last_event": random.exponential(2, applications),
                    "interviews_held_count": np.zeros(applications, dtype=int),
                    "scorecards_count": (~np.isnan(seen)).astype(int),
                    "recommendation_mean": pl.Series(seen).fill_nan(None),
                    "demo_lesson_mean": pl.Series([None] * applications, dtype=pl.Float64),
                    "checks_clear_count": np.zeros(applications, dtype=int),
                    "days_to_target_start": random.uniform(30, 200, applications),
                    "salary_mid": random.normal(50_000, 8_000, applications),
                    "tenant_open_openings_count": random.poisson(8, applications),
                }
            ).filter(pl.Series(alive))
        )
    ended = applied + duration <= horizon
    outcome = np.where(~ended, "open", np.where(hired, "hired", "rejected"))
    facts = pl.DataFrame(
        keys
        | {
            "candidate_id": [f"c{i // 2}" for i in range(applications)],
            "applied_at": _instants(applied),
            "outcome": outcome,
            "terminal_at": _instants(np.where(ended, applied + duration, np.nan)),
        }
    )
    start, known = applied + duration + 20, applied + duration + 20 + np.where(succeeds, 180, random.uniform(20, 170, applications))
    took = outcome == "hired"
    matured = known <= horizon
    outcomes = pl.DataFrame(
        {
            "hire_id": ids,
            "application_id": ids,
            "tenant_id": keys["tenant_id"],
            "accepted_at": _instants(applied + duration),
            "start_date": _instants(start).dt.date(),
            "is_success": pl.select(pl.when(pl.Series(matured)).then(pl.Series(succeeds))).to_series(),
            "label_known_at": _instants(np.where(matured, known, np.nan)),
        }
    ).filter(pl.Series(took))
    return {
        "features.features_candidate_success": pl.concat(rows),
        "marts.fct_applications": facts,
        "marts.mart_hire_outcomes": outcomes,
    }
