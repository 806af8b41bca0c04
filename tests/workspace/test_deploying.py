"""The examples in workspace/deploy are ones that their programs take, and name variables that there are."""

import re
import shutil
import subprocess
import sys

import pytest
from django.urls import resolve

from tests.server import PROJECT

DEPLOY = PROJECT / "workspace" / "deploy"
UNITS = [path.name for path in sorted(DEPLOY.glob("workspace-admin*")) if path.suffix in (".service", ".timer")]


def run(program, *arguments):
    """Run a program, and return what it complains about."""
    if not (found := shutil.which(program, path="/usr/bin:/usr/sbin:/bin")):
        pytest.skip(f"needs {program}: make test installs it")
    done = subprocess.run([found, *map(str, arguments)], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_systemd_takes_the_units(tmp_path):
    assert {f"workspace-admin{each}.service" for each in ("", "-jobs", "-release")} <= set(UNITS)
    for name in UNITS:
        unit = (DEPLOY / name).read_text().replace("/opt/workspace-admin/.venv/bin/python", sys.executable)
        (tmp_path / name).write_text(unit)
    assert run("systemd-analyze", "verify", *map(tmp_path.joinpath, UNITS)) == (0, "")


def test_caddy_takes_its_example():
    status, told = run("caddy", "adapt", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile")
    assert status == 0, told


def test_proxies_pass_whole_requests_on():
    """As many slow clients as a node has threads would stop it."""
    assert re.search(r"^\s+buffer_requests$", (DEPLOY / "Caddyfile").read_text(), re.MULTILINE)
    assert "proxy_request_buffering" not in (DEPLOY / "nginx.conf").read_text()  # it is on unless it is turned off


def test_nginx_passes_on_as_much_as_the_largest_form_has():
    most, _ = resolve("/workspaces/acme/dev/login-experience/").func.most_bytes
    [megabytes] = re.findall(r"client_max_body_size (\d+)m;", (DEPLOY / "nginx.conf").read_text())
    assert int(megabytes) * 1024**2 > most


def test_nginx_takes_its_example(tmp_path):
    site = (DEPLOY / "nginx.conf").read_text().replace("/etc/ssl/workspace-admin", f"{tmp_path}/site")
    # nginx opens what it is to listen at.
    (tmp_path / "site.conf").write_text(re.sub(r"listen (\d+)", rf"listen unix:{tmp_path}/\1", site))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; include {tmp_path}/site.conf; }}"
    )
    certificate = ["-keyout", tmp_path / "site.key", "-out", tmp_path / "site.pem", "-subj", "/CN=x"]
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *certificate)
    status, told = run("nginx", "-t", "-c", tmp_path / "nginx.conf")
    assert status == 0, told


def test_every_variable_of_the_example_is_documented():
    readme = (PROJECT / "README.md").read_text()
    names = re.findall(r"^([A-Z_]+)=", (DEPLOY / "workspace-admin.env").read_text(), re.MULTILINE)
    assert len(names) > 8 and [name for name in names if f"`{name}" not in readme] == []
