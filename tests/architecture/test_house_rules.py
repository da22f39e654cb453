"""Rules of the house that no linter knows."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = ("nexus", "orchestration", "serving", "dashboards", "ingestion", "data_quality", "metrics", "models_ml", "hiring", "simulator")
PRODUCT = (*FLOORS, "warehouse", "foundation")


def tracked(*patterns: str) -> list[Path]:
    names = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def matches(files: list[Path], pattern: str) -> list[str]:
    expression = re.compile(pattern)
    return [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for file in files
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1)
        if expression.search(line)
    ]


def test_no_committed_file_names_a_machine_path_or_a_registry():
    files = [file for file in tracked() if file != Path(__file__) and file.suffix not in {".png", ".parquet"}]
    assert matches(files, r"(?<![\w.])/(work|root|farm)/|--(extra-)?index-url|--find-links|https?://[^ ]+/simple\b") == []


def test_locks_hold_hashes_and_no_address():
    for lock in ("requirements.lock", "requirements-development.lock", "requirements-spark.lock"):
        text = (ROOT / lock).read_text()
        pins = re.findall(r"^[a-z0-9][\w.\-]*(?:\[[\w,]+\])?==", text, flags=re.M)
        assert len(pins) > 100
        assert "https://" not in text
        assert all(
            "--hash=sha256:" in entry for entry in re.split(r"(?m)^(?=[a-z0-9])", text) if entry.strip() and not entry.startswith("#")
        )


def test_development_and_spark_locks_agree_with_the_runtime_lock():
    def pins(lock: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9][\w.\-]*(?:\[[\w,]+\])?==[^ ;\\]+)", (ROOT / lock).read_text(), flags=re.M))

    runtime = pins("requirements.lock")
    assert runtime <= pins("requirements-development.lock")
    assert runtime <= pins("requirements-spark.lock")


def test_direct_runtime_dependencies_stay_few():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    # An aim: a quarter went to broker, mail and its dates, cache, tokens, documents and telemetry.
    assert len(project["dependencies"]) <= 51


@pytest.mark.parametrize("name", ["utils.py", "helpers.py", "common.py", "models.py"])
def test_no_grab_bag_modules(name):
    assert [str(file) for file in tracked("*.py") if file.name == name] == []


def test_every_exception_to_a_rule_has_a_code():
    files = [file for file in tracked("*.py") if file != Path(__file__)]
    assert matches(files, r"# type: ignore(?!\[)|# noqa(?!: [A-Z]+[0-9]+)|# nosec") == []


def test_every_skip_has_a_reason():
    files = [file for file in tracked("tests/*.py") if file != Path(__file__)]
    assert matches(files, r"pytest\.skip\(\)|mark\.skip(?!\(reason|if\()") == []


def test_only_the_clock_asks_for_the_time():
    files = [file for name in PRODUCT for file in tracked(f"{name}/*.py") if file != ROOT / "foundation/clock.py"]
    assert matches(files, r"datetime\.now\(|date\.today\(|datetime\.utcnow\(|time\.time\(\)") == []


def test_environment_is_not_read_at_import():
    files = [file for name in PRODUCT for file in tracked(f"{name}/*.py")]
    assert matches(files, r"^[A-Za-z_]+ *(:[^=]+)?= *(os\.environ|os\.getenv|Home\(\)|Databases\(\))") == []


def test_only_the_registry_knows_mlflow():
    files = [file for file in tracked("models_ml/*.py") if file != ROOT / "models_ml/registry.py"]
    assert matches(files, r"^\s*(import|from) mlflow") == []


def test_every_package_says_what_belongs_there():
    for name in PRODUCT:
        for file in tracked(f"{name}/*.py"):
            text = file.read_text().lstrip()
            assert not text or text.startswith('"""'), f"{file.relative_to(ROOT)} has no module docstring"
