"""The tree keeps the promises that its layout makes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_the_standard_library_platform_module_is_not_shadowed() -> None:
    result = run(sys.executable, "-c", "import platform; print(platform.system(), platform.__file__)")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(("Linux", "Darwin", "Windows"))
    assert str(ROOT) not in result.stdout
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_dependencies_point_inwards() -> None:
    result = run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    assert result.returncode == 0, result.stdout[-3000:]


def test_only_the_settings_module_reads_the_environment() -> None:
    readers = [
        path.relative_to(ROOT).as_posix()
        for path in python_files("slo", "dashboards", "alarms", "exporters", "app", "platform/dataplatform")
        if re.search(r"os\.environ|os\.getenv|\benviron\[", path.read_text(encoding="utf-8"))
    ]
    assert readers == ["app/settings.py"]


def test_only_the_reader_of_peoples_files_parses_yaml() -> None:
    product = python_files("slo", "dashboards", "alarms", "exporters", "app", "platform")
    parsers = re.compile(r"^\s*(?:import|from) (?:yaml|_yaml|ruamel)\b", re.MULTILINE)
    readers = [path for path in product if parsers.search(path.read_text(encoding="utf-8"))]
    assert [path.relative_to(ROOT).as_posix() for path in readers] == ["platform/foundation/yaml_nodes.py"]


def test_python_is_never_started_with_the_current_folder_on_its_path() -> None:
    """``python -m`` puts it first: a project with an ``app`` package of its own would run that instead."""
    product = python_files("slo", "dashboards", "alarms", "exporters", "app", "platform")
    started = [
        (path.relative_to(ROOT).as_posix(), match[1])
        for path in product
        for match in re.finditer(r"sys\.executable(.{0,12})", path.read_text(encoding="utf-8"), re.DOTALL)
    ]
    assert len(started) >= 2
    assert [path for path, next_words in started if not next_words.startswith(', "-P"')] == []


def test_locks_are_hashed_and_name_no_index() -> None:
    for name in ("base.txt", "runtime.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        pins = re.findall(r"^[a-z0-9-]+==", text, re.MULTILINE)
        assert len(pins) > 40
        assert text.count("--hash=sha256:") >= len(pins)
        assert "://" not in text
        assert "index-url" not in text


def test_the_tests_folder_is_not_a_package() -> None:
    tracked = run("git", "ls-files", "tests").stdout.splitlines()
    assert tracked
    assert not [path for path in tracked if path.endswith("__init__.py")]
