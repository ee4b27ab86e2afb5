"""What people install is the wheel: it is built, installed in an empty environment, and run from another folder."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import engine

ROOT = Path(engine.__file__).parent.parent
IN_A_WHEEL = {"engine", "rules", "workflows", "cli.py"}

pytestmark = pytest.mark.xdist_group("wheel")  # the wheel is built once, by one worker


def run(*command: str | Path, cwd: Path) -> str:
    """What the command printed; the test fails with all of it when the command did not exit 0."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "VIRES"))}
    done = subprocess.run(
        command, cwd=cwd, env=own, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def pip(*arguments: str | Path, cwd: Path) -> str:
    return run(sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "-q", *arguments, cwd=cwd)


def wheels_of_the_lock(folder: Path) -> Path:
    """The runtime dependencies as wheels: those `make setup` has built by hash, or else built by hash now."""
    made = Path(sys.prefix) / "wheels"
    if not any(made.glob("durable_rules-*.whl")):
        made = folder / "wheels"
        lock = ROOT / "requirements.lock"
        pip("wheel", "--require-hashes", "--no-deps", "--no-build-isolation", "-w", made, "-r", lock, cwd=folder)
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    [built] = folder.glob("vires-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an empty environment where the wheel and its locked runtime dependencies are installed."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    into = ("--python", folder / "env" / "bin" / "python")
    pip(*into, "install", "--no-index", "--find-links", wheels_of_the_lock(folder), wheel, cwd=folder)
    pip(*into, "check", cwd=folder)
    return folder / "env" / "bin"


def test_the_wheel_holds_the_program_and_its_data_and_nothing_else(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    data = {str(path.relative_to(ROOT)) for top in ("rules", "workflows") for path in (ROOT / top).rglob("*.yaml")}
    data |= {f"rules/schemas/{name}.schema.json" for name in ("facts", "findings")}
    assert {name.split("/")[0] for name in names} == IN_A_WHEEL
    assert data <= names


def test_the_wheel_carries_its_licence(wheel: Path) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in zipfile.ZipFile(wheel).namelist())


def test_the_installed_program_answers_from_another_folder(installed: Path, tmp_path: Path) -> None:
    assert engine.__version__ in run(installed / "vires", "--version", cwd=tmp_path)
    assert run(installed / "vires", "rules", "list", cwd=tmp_path).strip()
    assert run(installed / "vires", "rules", "lint", cwd=tmp_path).strip()
    assert not list(tmp_path.iterdir())  # reading the shipped packs writes nothing
