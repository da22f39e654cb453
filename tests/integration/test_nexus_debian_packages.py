"""Debian packages unpacked privately: nothing of the machine is touched, a second time fetches nothing."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.debian_packages import SYSTEM_STATUS, PackagesUnavailable, PrivatePackages, ensure_chromium, preflight
from tests.support.redis import RedisServer

pytestmark = pytest.mark.skipif(not shutil.which("apt-get"), reason="needs apt")


@pytest.fixture(scope="module")
def apt(tmp_path_factory: pytest.TempPathFactory) -> PrivatePackages:
    """An apt that believes nothing is installed."""
    cache = tmp_path_factory.mktemp("cache")
    (cache / "status").touch()
    return PrivatePackages(cache, cache / "status")


def test_package_is_fetched_with_what_it_needs_and_unpacked(apt: PrivatePackages, tmp_path: Path) -> None:
    packages = apt.closure(("fonts-dejavu-core",))
    assert "fonts-dejavu-core" in {package.name for package in packages}
    assert all(package.size > 0 for package in packages)
    before = SYSTEM_STATUS.stat().st_mtime_ns
    tree = apt.unpack(packages, tmp_path / "tree")
    assert list(tree.rglob("DejaVuSans.ttf"))
    assert SYSTEM_STATUS.stat().st_mtime_ns == before

    archive = next((apt.cache / "packages").glob("fonts-dejavu-core*.deb"))
    fetched_at = archive.stat().st_mtime_ns
    apt.unpack(packages, tmp_path / "tree")
    assert archive.stat().st_mtime_ns == fetched_at


def test_unknown_package_is_refused_in_one_line(apt: PrivatePackages) -> None:
    with pytest.raises(PackagesUnavailable, match="no-such-package-anywhere") as refusal:
        apt.closure(("no-such-package-anywhere",))
    assert "\n" not in str(refusal.value)


def test_browser_runs_without_a_screen() -> None:
    browser = ensure_chromium()
    said = subprocess.run([browser, "--version"], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0
    assert "Chrom" in said.stdout
    assert any(line.startswith("chromium: ") for line in preflight())


def test_redis_runs_and_comes_back_empty_after_a_crash(redis_server: RedisServer) -> None:
    assert redis_server.say("SET key value") == b"+OK\r\n"
    redis_server.kill()
    redis_server.start()
    assert redis_server.say("EXISTS key") == b":0\r\n"
