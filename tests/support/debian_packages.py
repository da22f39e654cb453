"""Debian packages unpacked privately: no root, nothing installed or started system-wide, shared by every run of this user.

What belongs here: fetching and unpacking what a test needs and this machine lacks. What doesn't: starting it.
"""

import argparse
import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

SYSTEM_STATUS = Path("/var/lib/dpkg/status")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LISTS_AGE_SECONDS = 24 * 3600


class PackagesUnavailable(RuntimeError):
    """The packages cannot be had here. The message is one line that names the fix."""


def cache_folder() -> Path:
    """Return ``NEXUS_TEST_CACHE``, by default ``~/.cache/educator-nexus``: outside the clone, so that clones share it."""
    return Path(os.environ.get("NEXUS_TEST_CACHE", "~/.cache/educator-nexus")).expanduser().absolute()


@dataclass(frozen=True)
class Package:
    """One package to fetch: name, version and its size in bytes."""

    name: str
    version: str
    file: str
    size: int


class PrivatePackages:
    """An apt of our own, below the cache folder, that knows what the machine has installed and adds only what is missing."""

    def __init__(self, cache: Path, status: Path = SYSTEM_STATUS) -> None:
        """Prepare nothing yet.

        Args:
            cache: where lists, packages and unpacked trees live.
            status: dpkg's list of what counts as installed.
        """
        self.cache = cache
        self._apt, self._archives = cache / "apt", cache / "packages"
        settings = {
            "Dir::State": self._apt / "state",
            "Dir::State::status": status,
            "Dir::Cache": self._apt / "cache",
            "APT::Sandbox::User": "",
            "Debug::NoLocking": "1",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        self._options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]

    def closure(self, names: tuple[str, ...]) -> list[Package]:
        """Return the named packages and everything they need that is not installed.

        Raises:
            PackagesUnavailable: no apt here, no network, or an unknown name.
        """
        self._update()
        said = self._run("install", "--print-uris", "--no-install-recommends", "--yes", "-qq", *names)
        return [_package(*match) for match in re.findall(r"^'[^']+' (\S+) (\d+)", said, re.MULTILINE)]

    def unpack(self, packages: list[Package], target: Path) -> Path:
        """Fetch and unpack the packages into the folder, all or nothing, and return it."""
        self._archives.mkdir(parents=True, exist_ok=True)
        missing = [package for package in packages if not self._has(package)]
        if missing:
            self._run("download", "-qq", *(f"{package.name}={package.version}" for package in missing), folder=self._archives)
        draft = target.with_name(target.name + ".draft")
        shutil.rmtree(draft, ignore_errors=True)
        for package in packages:
            subprocess.run(["dpkg-deb", "-x", self._archives / package.file, draft], check=True, capture_output=True)
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
        return target

    def _has(self, package: Package) -> bool:
        file = self._archives / package.file
        return file.exists() and file.stat().st_size == package.size

    def _update(self) -> None:
        """Fetch the lists of packages once a day; without a network older ones do."""
        lists = self._apt / "state" / "lists"
        stamp = self._apt / "updated"
        for folder in (lists / "partial", self._apt / "cache" / "archives" / "partial"):
            folder.mkdir(parents=True, exist_ok=True)
        if stamp.exists() and time.time() - stamp.stat().st_mtime < LISTS_AGE_SECONDS:
            return
        try:
            self._run("update", "-qq")
        except PackagesUnavailable:
            if not stamp.exists():
                raise
        stamp.touch()

    def _run(self, *arguments: str, folder: Path | None = None) -> str:
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            raise PackagesUnavailable(
                "no apt-get here: install chromium, rabbitmq-server and redis-server yourself so that they are on PATH"
            )
        environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", *self._options, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder or self.cache, env=environment)
        if done.returncode:
            raise PackagesUnavailable(f"apt-get {arguments[0]} failed: {' '.join(done.stderr.split())[:300]}")
        return done.stdout


def _package(file: str, size: str) -> Package:
    name, version, _ = file.split("_")
    return Package(name, unquote(version), file, int(size))


@dataclass(frozen=True)
class Tool:
    """Something the tests run that may have to be fetched.

    Attributes:
        name: for the preflight's lines.
        packages: Debian packages that bring it; what they need comes along.
        installed: where to look for it first: commands on PATH, or paths.
        program: what to run below the unpacked tree.
        prepare: makes the unpacked tree run where it lies; writes ``program`` last, so that it stands for a complete tree.
    """

    name: str
    packages: tuple[str, ...]
    installed: tuple[str, ...]
    program: str
    prepare: Callable[[Path, Path], None]

    def find_installed(self) -> Path | None:
        """Return the machine's own program, None when it has none."""
        return next((Path(found) for name in self.installed if (found := shutil.which(name))), None)


def ensure(tool: Tool, cache: Path | None = None, status: Path = SYSTEM_STATUS, *, use_installed: bool = True) -> Path:
    """Return the tool's program: the installed one, the cached one, or one fetched now.

    Raises:
        PackagesUnavailable: none is installed and none can be fetched.
    """
    installed = tool.find_installed()
    if installed and use_installed:
        return installed
    cache = cache or cache_folder()
    program = cache / tool.name / tool.program
    with _lock(cache):
        if not program.exists():
            apt = PrivatePackages(cache, status)
            tree = apt.unpack(apt.closure(tool.packages), cache / tool.name)
            tool.prepare(tree, program)
    return program


def _prepare_chromium(tree: Path, program: Path) -> None:
    names = ("headless_shell", "chromium-headless-shell", "chromium")
    browser = next((path for name in names for path in tree.glob(f"usr/lib/**/{name}")), None)
    if browser is None:
        raise PackagesUnavailable(f"the packages in {tree} hold no browser: delete the folder and try again")
    fonts = tree / "fonts.conf"
    fonts.write_text(
        "<?xml version='1.0'?><!DOCTYPE fontconfig SYSTEM 'fonts.dtd'><fontconfig>"
        f"<dir>{tree}/usr/share/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{tree}/fonts-cache</cachedir></fontconfig>"
    )
    _write_wrapper(tree, program, browser, FONTCONFIG_FILE=str(fonts))


def _prepare_redis(tree: Path, program: Path) -> None:
    _write_wrapper(tree, program, tree / "usr/bin/redis-server")


def _prepare_rabbitmq(tree: Path, program: Path) -> None:
    """Tell Erlang where it lies: both its start scripts hold the path of the installed one."""
    erlang = tree / "usr/lib/erlang"
    for script in (erlang / "bin/erl", *erlang.glob("erts-*/bin/erl")):
        script.write_text(script.read_text().replace("ROOTDIR=/usr/lib/erlang", f"ROOTDIR={erlang}"))
    server = tree / "usr/lib/rabbitmq/bin/rabbitmq-server"
    _write_wrapper(tree, program, server.resolve(), PATH=f"{erlang}/bin:{tree}/usr/bin:$PATH")


def _write_wrapper(tree: Path, wrapper: Path, program: Path, **environment: str) -> None:
    """Write the script that starts an unpacked program with the libraries beside it."""
    libraries = sorted({str(file.parent) for base in ("lib", "usr/lib") for file in (tree / base).rglob("*.so*")})
    chosen = {"LD_LIBRARY_PATH": ":".join(libraries), **environment}
    draft = wrapper.with_suffix(".draft")
    draft.write_text(
        "".join(["#!/bin/sh\n", *(f'export {name}="{value}"\n' for name, value in chosen.items()), f'exec "{program}" "$@"\n'])
    )
    draft.chmod(0o755)
    draft.replace(wrapper)


CHROMIUM = Tool("chromium", ("chromium-headless-shell", "fonts-dejavu-core"), BROWSERS, "chromium", _prepare_chromium)
# The installed script that may be run by anybody: the one on PATH wants to be root or rabbitmq.
RABBITMQ = Tool("rabbitmq", ("rabbitmq-server",), ("/usr/lib/rabbitmq/bin/rabbitmq-server",), "rabbitmq-server", _prepare_rabbitmq)
REDIS = Tool("redis", ("redis-server",), ("redis-server",), "redis-server", _prepare_redis)
TOOLS = (CHROMIUM, RABBITMQ, REDIS)


def ensure_chromium(cache: Path | None = None, status: Path = SYSTEM_STATUS, *, use_installed: bool = True) -> Path:
    """Return an executable Chromium for headless use; see ``ensure``."""
    return ensure(CHROMIUM, cache, status, use_installed=use_installed)


def ensure_rabbitmq() -> Path:
    """Return an executable ``rabbitmq-server``; see ``ensure``."""
    return ensure(RABBITMQ)


def ensure_redis() -> Path:
    """Return an executable ``redis-server``; see ``ensure``."""
    return ensure(REDIS)


@contextmanager
def _lock(cache: Path) -> Iterator[None]:
    """Let one process at a time fetch: tests run in several workers."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def preflight(tools: tuple[Tool, ...] = TOOLS) -> list[str]:
    """Return one line for each thing the tests need from outside: what, how big, where."""
    return [_told(tool, cache_folder()) for tool in tools]


def _told(tool: Tool, cache: Path) -> str:
    if installed := tool.find_installed():
        return f"{tool.name}: {installed} (installed, nothing to fetch)"
    if (cache / tool.name / tool.program).exists():
        return f"{tool.name}: {cache / tool.name} (fetched earlier)"
    with _lock(cache):
        packages = PrivatePackages(cache).closure(tool.packages)
    size = sum(package.size for package in packages) / 1e6
    names = ", ".join(package.name for package in packages)
    where = f"{cache} (set NEXUS_TEST_CACHE for another place)"
    return f"{tool.name}: {len(packages)} Debian packages, {size:.0f} MB to fetch into {where}: {names}"


def main(arguments: list[str]) -> int:
    """List what is needed; with ``--fetch`` also fetch it."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.debian_packages", description=__doc__)
    parser.add_argument("--preflight", action="store_true", help="list what the tests need: what, how big, where; then fetch it")
    parser.add_argument("--list", action="store_true", help="list only")
    options = parser.parse_args(arguments)
    try:
        for line in preflight():
            sys.stdout.write(f"{line}\n")
        if not options.list:
            for tool in TOOLS:
                ensure(tool)
    except PackagesUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
