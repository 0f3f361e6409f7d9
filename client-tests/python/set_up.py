"""Makes the virtual environment that the tests here run in, once, and prints the path of its interpreter.

It lies in .venv/KEY beside this file; KEY changes with the requirements and the Python version, and what an old KEY left
is removed. Any number may call this at once: one builds, the others wait.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
HOME = HERE / ".venv"
REQUIREMENTS = HERE / "requirements.txt"
ALONE = HERE / "requirements-alone.txt"


def main() -> None:
    key = hashlib.sha256(sys.version.encode() + REQUIREMENTS.read_bytes() + ALONE.read_bytes()).hexdigest()[:12]
    place = HOME / key
    python = place / "bin" / "python"
    HOME.mkdir(exist_ok=True)
    with open(HOME / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # The kernel lets go of it when we end, however we end.
        if not (place / "complete").exists():
            for old in HOME.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            build(place, python)
            (place / "complete").touch()
    print(python)


def build(place: Path, python: Path) -> None:
    venv.create(place, with_pip=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", REQUIREMENTS], check=True, capture_output=True)
    # Of the thousands of files in these, a handful is read.
    subprocess.run([*pip, "--no-deps", "--no-compile", "--requirement", ALONE], check=True, capture_output=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.output or b"nothing").decode().strip()
        sys.exit(f"no virtual environment can be made here; pip said: {said.splitlines()[-1]}")
    except OSError as error:
        sys.exit(f"no virtual environment can be made here: {error}")
