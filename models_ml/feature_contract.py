"""Which features a model may read: names, kinds, encoding, and what is barred by name.

What belongs here: the allow-list of each model, the bar on labels, protected attributes and their proxies, the hash that
ties a bundle to its features, and the one encoder shared by training and serving. What doesn't: how features are computed
(dbt, ``features.features_*``; every value is the last one known at ``as_of``).
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Vector = NDArray[np.float64]
Kind = Literal["number", "boolean", "category"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Labels and everything that is written when a process ends: knowing them at as_of would be knowing the answer.
LABEL_COLUMNS = _words("""
    filled_at cancelled_at closed_at close_reason is_filled is_cancelled is_censored gross_days net_days hold_days status
    outcome outcome_side terminal_at terminal_side reached_rank furthest_stage process_days hired_at is_hired accepted_at
    hires_count hired_count closing_count is_success label_known_at probation_passed is_retained_12m performance_meets
    performance_value still_employed end_date end_reason manager_satisfaction time_to_hire_days time_to_fill_days final_stage
    updated_at last_modified last_modified_at start_date
""")
# Protected attributes and proxies, by any word of the column's name.
PROTECTED_WORDS = _words("""
    gender sex race ethnicity ethnic religion religious nationality citizen citizenship age birth birthday dob disability
    disabled marital pregnancy pregnant veteran orientation caste photo postcode postal zip zipcode address surname name email
    phone graduation gap equity hispanic pronoun pronouns
""")


class ForbiddenFeature(ValueError):
    """A column that is a label, a protected attribute or a proxy of one. The message names it."""


class InvalidFeature(ValueError):
    """A feature is missing, unknown or of the wrong kind. ``field`` names it."""

    def __init__(self, field: str, problem: str) -> None:
        """Keep the field's name for the API's error."""
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class Feature(BaseModel):
    """One feature; ``categories`` is filled from the training rows (index = code)."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Kind = "number"
    categories: tuple[str, ...] = ()


def forbidden_reason(name: str) -> str | None:
    """Return why a column may not be a feature, or None."""
    if name.lower() in LABEL_COLUMNS:
        return "is known only after the outcome"
    words = set(re.split(r"[^a-z]+", name.lower()))
    if barred := words & PROTECTED_WORDS:
        return f"names a protected attribute, an identity or a proxy ({', '.join(sorted(barred))})"
    return None


class FeatureContract:
    """The allow-list of one model.

    Args:
        model: ``time_to_hire`` or ``candidate_success``.
        keys: columns that name a row; carried, never learned from.
        features: the allow-list, in the order of the matrix.

    Raises:
        ForbiddenFeature: a feature is a label, a protected attribute, a proxy or a key.
    """

    def __init__(self, model: str, keys: Sequence[str], features: Sequence[Feature]) -> None:
        """Check every name."""
        for feature in features:
            if reason := forbidden_reason(feature.name):
                raise ForbiddenFeature(f"{model}: feature {feature.name} {reason}")
            if feature.name in keys or feature.name.endswith("_id"):
                raise ForbiddenFeature(f"{model}: feature {feature.name} is an identifier; a model would learn cases by heart")
        self.model, self.keys, self.features = model, tuple(keys), tuple(features)

    @property
    def names(self) -> list[str]:
        """Feature names in order."""
        return [feature.name for feature in self.features]

    @property
    def digest(self) -> str:
        """SHA-256 of model, names, kinds and order: a bundle serves only features of the same digest."""
        text = json.dumps([self.model, [[feature.name, feature.kind] for feature in self.features]])
        return hashlib.sha256(text.encode()).hexdigest()

    def check(self, frame: pl.DataFrame) -> None:
        """Refuse a frame that lacks a feature or key, or carries a barred column (even an unused one).

        Raises:
            InvalidFeature: a column is missing.
            ForbiddenFeature: the features table carries a barred column.
        """
        for column in (*self.keys, *self.names):
            if column not in frame.columns:
                raise InvalidFeature(column, f"is missing from the features of {self.model}")
        for column in frame.columns:
            if column not in self.keys and (reason := forbidden_reason(column)):
                raise ForbiddenFeature(f"features of {self.model} carry {column}, which {reason}: remove it from the features table")

    def fit(self, frame: pl.DataFrame) -> "Encoder":
        """Return an encoder whose categories are those of the frame, sorted."""
        fitted = [
            feature.model_copy(update={"categories": tuple(sorted(frame[feature.name].drop_nulls().cast(pl.String).unique().to_list()))})
            if feature.kind == "category"
            else feature
            for feature in self.features
        ]
        return Encoder(fitted)


class Encoder:
    """Turns features into numbers: the same code for a training frame and for one request.

    Missing values and categories never seen in training become NaN, which the boosters treat as missing.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        """Index the categories."""
        self.features = tuple(features)
        self.names = [feature.name for feature in features]
        self.position = {name: index for index, name in enumerate(self.names)}
        self._codes = {
            feature.name: {value: float(code) for code, value in enumerate(feature.categories)}
            for feature in features
            if feature.kind == "category"
        }
        self.categorical = [index for index, feature in enumerate(features) if feature.kind == "category"]

    def vector(self, features: Mapping[str, object]) -> Vector:
        """Encode one row, shape (features,).

        Raises:
            InvalidFeature: a feature is absent (None is allowed and means missing), unknown, or of the wrong kind.
        """
        row = np.empty(len(self.features))
        for index, feature in enumerate(self.features):
            try:
                value = features[feature.name]
            except KeyError:
                raise InvalidFeature(feature.name, "is required (null means not known)") from None
            row[index] = self._number(feature, value)
        if len(features) > len(self.features):
            unknown = next(name for name in features if name not in self.position)
            raise InvalidFeature(unknown, "is not a feature of this model")
        return row

    def _number(self, feature: Feature, value: object) -> float:
        if value is None:
            return math.nan
        if feature.kind == "category":
            if not isinstance(value, str):
                raise InvalidFeature(feature.name, "must be text")
            return self._codes[feature.name].get(value, math.nan)
        if feature.kind == "boolean" and not isinstance(value, bool):
            raise InvalidFeature(feature.name, "must be true or false")
        if not isinstance(value, int | float):
            raise InvalidFeature(feature.name, "must be a number")
        return float(value)

    def matrix(self, frame: pl.DataFrame) -> Vector:
        """Encode a frame, shape (rows, features); columns beside the features are ignored."""
        columns = []
        for feature in self.features:
            series = frame[feature.name]
            if feature.kind == "category":
                series = series.cast(pl.String).replace_strict(self._codes[feature.name], default=None, return_dtype=pl.Float64)
            columns.append(series.cast(pl.Float64).fill_null(math.nan).to_numpy())
        return np.ascontiguousarray(np.column_stack(columns)) if columns else np.empty((frame.height, 0))

    def rows(self, frame: pl.DataFrame) -> list[dict[str, object]]:
        """Return the frame's features as dicts that :meth:`vector` takes (golden rows are made from them)."""
        casts: dict[Kind, type[pl.DataType]] = {"number": pl.Float64, "boolean": pl.Boolean, "category": pl.String}
        return frame.select(pl.col(f.name).cast(casts[f.kind]) for f in self.features).to_dicts()


def _numbers(names: str) -> list[Feature]:
    return [Feature(name=name) for name in names.split()]


def _categories(names: str) -> list[Feature]:
    return [Feature(name=name, kind="category") for name in names.split()]


TIME_TO_HIRE = FeatureContract(
    "time_to_hire",
    ("opening_id", "tenant_id", "job_id", "as_of", "landmark"),
    [
        *_categories("subject staff_class grade_range country"),
        Feature(name="has_visa_sponsorship", kind="boolean"),
        Feature(name="is_on_hold", kind="boolean"),
        *_numbers(
            "fte headcount salary_mid elapsed_days as_of_month days_to_target_start postings_count applications_count "
            "applications_14d_count reached_screen_count reached_interview_count reached_demo_count reached_offer_count active_count "
            "offers_out_count offers_declined_count days_since_last_event tenant_open_openings_count tenant_filled_365d_count "
            "tenant_mean_fill_days_365d"
        ),
    ],
)
CANDIDATE_SUCCESS = FeatureContract(
    "candidate_success",
    ("application_id", "tenant_id", "job_id", "as_of", "landmark"),
    [
        *_categories("subject staff_class country origin channel_type qualification_level"),
        *[Feature(name=name, kind="boolean") for name in ("is_internal", "subject_match", "has_verified_licence")],
        *_numbers(
            "years_experience credentials_count job_applications_count elapsed_days furthest_rank days_since_last_event "
            "interviews_held_count scorecards_count recommendation_mean demo_lesson_mean checks_clear_count days_to_target_start "
            "salary_mid tenant_open_openings_count"
        ),
    ],
)
CONTRACTS = {contract.model: contract for contract in (TIME_TO_HIRE, CANDIDATE_SUCCESS)}
