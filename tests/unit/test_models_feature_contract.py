import math

import polars as pl
import pytest

from models_ml.feature_contract import (
    CANDIDATE_SUCCESS,
    CONTRACTS,
    TIME_TO_HIRE,
    Encoder,
    Feature,
    FeatureContract,
    ForbiddenFeature,
    InvalidFeature,
)
from tests.support.feature_frames import candidate_frames, hiring_time_frames

BARRED = """
filled_at close_reason reached_rank is_success gender candidate_nationality home_postcode given_name graduation_year gap_days
age_years last_modified_at job_id
"""


@pytest.mark.parametrize("name", [*BARRED.split()])
def test_label_protected_attribute_or_identifier_named_as_feature_is_refused(name: str) -> None:
    with pytest.raises(ForbiddenFeature, match=name):
        FeatureContract("time_to_hire", ("opening_id", "job_id"), [Feature(name=name)])


@pytest.mark.parametrize("column", ["gross_days", "is_cancelled", "ethnicity", "photo_hash"])
def test_features_table_that_carries_a_barred_column_is_refused(column: str) -> None:
    frame = hiring_time_frames(20)["features.features_time_to_hire"].with_columns(pl.lit(1.0).alias(column))
    with pytest.raises(ForbiddenFeature, match=column):
        TIME_TO_HIRE.check(frame)


def test_features_table_that_lacks_a_feature_is_refused_by_name() -> None:
    frame = candidate_frames(20)["features.features_candidate_success"].drop("subject_match")
    with pytest.raises(InvalidFeature, match="subject_match"):
        CANDIDATE_SUCCESS.check(frame)


def test_digest_follows_names_kinds_and_order() -> None:
    digests = {contract.digest for contract in CONTRACTS.values()}
    reordered = FeatureContract("time_to_hire", TIME_TO_HIRE.keys, TIME_TO_HIRE.features[::-1])
    digests.add(reordered.digest)
    assert len(digests) == 3
    assert FeatureContract("time_to_hire", TIME_TO_HIRE.keys, TIME_TO_HIRE.features).digest == TIME_TO_HIRE.digest


def test_one_row_and_frame_are_encoded_alike() -> None:
    frame = candidate_frames(200)["features.features_candidate_success"]
    encoder = CANDIDATE_SUCCESS.fit(frame)
    matrix = encoder.matrix(frame)
    for index, row in enumerate(encoder.rows(frame)[:40]):
        vector = encoder.vector(row)
        assert [(a == b) or (math.isnan(a) and math.isnan(b)) for a, b in zip(vector, matrix[index], strict=True)].count(False) == 0


def test_bad_request_features_name_the_field() -> None:
    encoder = Encoder(
        [Feature(name="subject", kind="category", categories=("art",)), Feature(name="fte"), Feature(name="ok", kind="boolean")]
    )
    good = {"subject": "art", "fte": 1.0, "ok": True}
    assert encoder.vector(good).tolist() == [0.0, 1.0, 1.0]
    assert math.isnan(encoder.vector(good | {"subject": "never seen"})[0])
    assert math.isnan(encoder.vector(good | {"fte": None})[1])
    for field, value in {"subject": 3, "fte": "much", "ok": 1.5}.items():
        with pytest.raises(InvalidFeature) as caught:
            encoder.vector(good | {field: value})
        assert caught.value.field == field
    with pytest.raises(InvalidFeature, match=r"fte.*required"):
        encoder.vector({"subject": "art", "ok": True})
    with pytest.raises(InvalidFeature, match="salary"):
        encoder.vector(good | {"salary": 1.0})
