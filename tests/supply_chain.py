"""What the application is made of: known vulnerabilities and licences for `make check`, an SBOM for `make sbom`."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.server import PROJECT

LOCK = PROJECT / "requirements.txt"
# Seconds. Without a vulnerability database the check goes on without it.
PATIENCE = 10
_ALLOWED = re.compile(r"\b(MIT|BSD|Apache|ISC|MPL|Mozilla|LGPL|PSFL?|Python Software Foundation|Unlicense)\b")
_NOT_ALLOWED = re.compile(r"\bA?GPL\b|\bSSPL\b|\bBUSL\b")
_LOCKED = re.compile(r"^([\w.-]+)(?:\[[\w, ]+\])?==([^ ;\\]+)[^\n]*((?:\n +--hash=\S+(?: \\)?)*)", re.MULTILINE)


@dataclass(frozen=True)
class Package:
    """A package of the lock that is installed on this platform."""

    name: str
    version: str
    hashes: list[str]
    installed: Distribution

    @property
    def licence(self) -> str:
        """Return what the package says of its licence: an SPDX expression, else a classifier, else its own words."""
        kinds = [each.rpartition(" :: ")[2] for each in self._told("Classifier") if each.startswith("License")]
        told = [*self._told("License-Expression"), ", ".join(kinds), *self._told("License"), "unknown"]
        return next(filter(None, told)).partition("\n")[0]

    def _told(self, header: str) -> list[str]:
        return self.installed.metadata.get_all(header) or []

    @property
    def needs(self) -> set[str]:
        """Return the names of the packages that it needs on this platform."""
        needed = map(Requirement, self.installed.requires or [])
        return {canonicalize_name(each.name) for each in needed if not each.marker or each.marker.evaluate()}


def packages(lock: str) -> list[Package]:
    found = []
    for name, version, hashes in _LOCKED.findall(lock):
        try:
            found.append(Package(name, version, re.findall(r"sha256:(\w+)", hashes), distribution(name)))
        except PackageNotFoundError:
            continue  # of another platform
    return found


def wrong_licences(found: list[Package]) -> list[str]:
    """Return the packages whose licence is unknown, or asks for more than this application may give."""
    return [
        f"{each.name} {each.version}: {each.licence}"
        for each in found
        if not _ALLOWED.search(each.licence) or _NOT_ALLOWED.search(each.licence)
    ]


def vulnerabilities(output: str) -> list[str] | None:
    """Return what pip-audit has found, from its JSON; None if no database told it anything."""
    try:
        audited = [each for each in json.loads(output)["dependencies"] if "vulns" in each]
    except (KeyError, ValueError):
        return None
    found = [(each, vulnerability) for each in audited for vulnerability in each["vulns"]]
    told = [
        f"{each['name']} {each['version']}: {one['id']}, mended in {', '.join(one['fix_versions']) or 'no version yet'}"
        for each, one in found
    ]
    return told if audited else None


def audit() -> list[str] | None:
    """Return the known vulnerabilities of the locked packages; None if no database answers in time."""
    options = ["--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json", "--timeout=5"]
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return None
    return vulnerabilities(done.stdout)


def check() -> list[str]:
    """Return what is wrong with the packages. Says so if vulnerabilities could not be looked up."""
    known = audit()
    if known is None:
        print("Vulnerabilities were not looked up, because no database of them answered.", file=sys.stderr)
    return wrong_licences(packages(LOCK.read_text())) + (known or [])


def sbom(found: list[Package]) -> str:
    """Return a CycloneDX SBOM of the packages, with licences, hashes and what needs what."""
    application = Component(name="workspace-admin", type=ComponentType.APPLICATION, bom_ref="workspace-admin")
    licences, components, bom = LicenseFactory(), dict[str, Component](), Bom()
    bom.metadata.component = application
    for each in found:
        components[canonicalize_name(each.name)] = Component(
            name=each.name,
            version=each.version,
            type=ComponentType.LIBRARY,
            bom_ref=f"{each.name}=={each.version}",
            purl=PackageURL("pypi", name=canonicalize_name(each.name), version=each.version),
            licenses=[licences.make_from_string(each.licence)],
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=content) for content in each.hashes],
        )
    bom.components.update(components.values())
    bom.register_dependency(application, components.values())
    for each in found:
        needed = [components[name] for name in each.needs & components.keys()]
        bom.register_dependency(components[canonicalize_name(each.name)], needed)
    return JsonV1Dot6(bom).output_as_string(indent=2)


def main(arguments: list[str]) -> int:
    """Check the packages, list their licences, or write an SBOM."""
    found = packages(LOCK.read_text())
    if arguments[:1] == ["sbom"]:
        Path(arguments[1]).write_text(sbom(found))
        return 0
    if arguments == ["licences"]:
        print("\n".join(f"{each.name} {each.version}: {each.licence}" for each in found))
        return 0
    problems = check()
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
