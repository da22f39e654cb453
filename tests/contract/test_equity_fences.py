"""Where self-identification may be named, and that everybody names it alike."""

import re
from typing import get_args

from hiring.equity import schemas
from hiring.settings import HiringSettings
from ingestion.equity import ATTRIBUTES, COLUMNS
from ingestion.table_specs import TABLE_SPECS
from simulator import people
from simulator.world import COUNTRIES
from tests.support.equity_release import PROJECT, categories
from warehouse.names import PUBLISHED_LAYERS, Layer

ROOT = PROJECT.parent
WORDS = re.compile(r"\b(gender|ethnicity|age_band|disability|veteran|dei_key)\b")


def test_no_model_outside_private_names_an_attribute_or_its_key() -> None:
    for file in (PROJECT / "models").rglob("*"):
        if file.suffix in (".sql", ".yml") and "private" not in file.parts:
            assert not WORDS.search(file.read_text()), file.relative_to(ROOT)


def test_models_and_features_of_the_predictors_name_no_attribute() -> None:
    for file in (ROOT / "models_ml").rglob("*.py"):
        named = WORDS.findall(file.read_text())
        assert not named or file.name == "feature_contract.py", f"{file.relative_to(ROOT)} names {named}"


def test_answers_are_not_extracted_like_other_tables_and_private_is_not_published() -> None:
    assert not [spec for spec in TABLE_SPECS if "equity" in str(spec)]
    assert Layer.PRIVATE not in PUBLISHED_LAYERS
    assert not list((PROJECT / "models" / "staging").rglob("*equity*"))


def test_source_step_and_seed_agree_on_columns_and_categories() -> None:
    ddl = (ROOT / "hiring/migrations/sql/0007_equity.sql").read_text()
    for table, columns in COLUMNS.items():
        body = ddl.split(f"create table equity.{table} (")[1].split(");")[0]
        assert tuple(re.findall(r"^  (\w+) ", body, re.MULTILINE)) == columns
    assert list(categories()) == ["self_id", *ATTRIBUTES]
    for attribute in ATTRIBUTES:
        offered = set(get_args(schemas.Answers.model_fields[attribute].annotation))
        assert offered == {*categories()[attribute][:-1], "declined"}, attribute


def test_simulated_answers_are_in_the_vocabulary() -> None:
    assert set(people._ETHNICITIES) <= set(categories()["ethnicity"])
    assert set(people._AGE_BANDS) <= set(categories()["age_band"])


def test_release_statement_reads_its_secret_from_a_table() -> None:
    text = (PROJECT / "models/private/equity_release_candidates.sql").read_text()
    assert "source('private', 'equity_secret')" in text
    assert not re.search(r"\b(var|env_var)\s*\(", text)


def test_only_the_private_step_and_the_survey_read_the_equity_key() -> None:
    holders = {
        file.relative_to(ROOT).parts[0]
        for folder in ("warehouse", "ingestion", "hiring", "simulator", "serving", "dashboards", "metrics", "models_ml", "orchestration")
        for file in (ROOT / folder).rglob("*.py")
        if re.search(r"""(read|ensure)_secret\(\s*["']equity_key""", file.read_text())
    }
    assert holders <= {"ingestion", "hiring", "simulator"}


def test_simulated_surveys_keep_to_the_countries_of_the_locale_gate() -> None:
    lawful = HiringSettings().survey_lawful_in
    assert {country.code for country in COUNTRIES if country.allows_equity_survey} == lawful
    assert not {country.code for country in COUNTRIES if not country.allows_equity_survey} & lawful
