"""What the application is made of is known: licences, vulnerabilities, and an SBOM of the lock."""

import json
import subprocess

import pytest

from tests import supply_chain
from tests.supply_chain import LOCK, packages, sbom, vulnerabilities, wrong_licences


@pytest.fixture(scope="module")
def found():
    return packages(LOCK.read_text())


def test_every_package_has_a_licence_that_allows_it(found):
    assert len(found) > 40 and wrong_licences(found) == []


@pytest.mark.parametrize("licence", ["unknown", "AGPL-3.0-or-later", "GNU GPL v2", "MIT AND GPL-2.0-only", ""])
def test_another_licence_is_told(found, licence, monkeypatch):
    monkeypatch.setattr(supply_chain.Package, "licence", licence)
    assert wrong_licences(found[:1]) == [f"{found[0].name} {found[0].version}: {licence}"]


def test_the_sbom_has_each_package_with_licence_hashes_and_what_it_needs(found):
    bom = json.loads(sbom(found))
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    assert {(each["name"], each["version"]) for each in bom["components"]} == {(e.name, e.version) for e in found}
    assert all(each["hashes"] and each["licenses"] and each["purl"] for each in bom["components"])
    needed = {each["ref"].partition("==")[0]: each.get("dependsOn", []) for each in bom["dependencies"]}
    assert any(ref.startswith("lxml==") for ref in needed["xmlsec"])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", None),
        ("ERROR: no network", None),
        ({"dependencies": []}, None),
        ({"dependencies": [{"name": "a", "skip_reason": "not found on PyPI"}]}, None),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}]}, []),
        (
            {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"]}]}]},
            ["a 1: CVE-1, mended in 1.1"],
        ),
    ],
    ids=str,
)
def test_vulnerabilities_count_only_if_a_database_answered(answer, expected):
    assert vulnerabilities(answer if isinstance(answer, str) else json.dumps(answer)) == expected


def test_without_an_answer_the_check_says_so_and_passes(monkeypatch, capsys):
    def silent(command, timeout, **options):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", silent)
    assert supply_chain.main([]) == 0
    assert "Vulnerabilities were not looked up" in capsys.readouterr().err


def test_what_is_found_fails_the_check_by_name(monkeypatch, capsys):
    monkeypatch.setattr(supply_chain, "audit", lambda: ["a 1: CVE-1, mended in 1.1"])
    assert supply_chain.main([]) == 1
    assert "CVE-1" in capsys.readouterr().err
