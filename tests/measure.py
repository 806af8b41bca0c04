"""Figures of size and repetition for each app: `make measure`. With `--where`, also the places that they count."""

import ast
import re
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from pathlib import Path

from vulture import Vulture

from tests.server import PROJECT

APPS = ["workspace", "authentication", "provisioning"]
MAX_DECISIONS = 10
MAX_COLUMNS = 120
RUN = 6  # lines that make a duplicate
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Place:
    """A line of a file, with what stands there."""

    app: str
    file: Path
    line: int
    text: str
    size: int = 1

    def __str__(self) -> str:
        return f"{self.file.relative_to(PROJECT)}:{self.line} {self.text}"


@dataclass(frozen=True)
class Module:
    """A Python file of an app, migrations aside."""

    app: str
    file: Path

    @cached_property
    def lines(self) -> list[str]:
        return self.file.read_text().splitlines()

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.file.read_text())))

    @cached_property
    def code(self) -> list[tuple[int, str]]:
        """Numbered lines without imports, comments, blank lines and closing brackets."""
        imports = (node for node in self.nodes if isinstance(node, ast.Import | ast.ImportFrom))
        left_out = {line for node in imports for line in range(node.lineno, node.end_lineno + 1)}
        texts = ((number, line.strip()) for number, line in enumerate(self.lines, 1) if number not in left_out)
        return [(number, text) for number, text in texts if re.match(r"[^#)\]}]", text)]

    @cached_property
    def functions(self) -> list[Function]:
        return [node for node in self.nodes if isinstance(node, Function)]

    def place(self, line: int, text: str = "", size: int = 1) -> Place:
        return Place(self.app, self.file, line, text or self.lines[line - 1].strip(), size)


def modules(app: str) -> list[Module]:
    files = sorted((PROJECT / app).rglob("*.py"))
    return [Module(app, file) for file in files if "migrations" not in file.parts and file.stat().st_size]


def template_app(file: Path) -> str:
    """The app whose pages a template draws; what all share belongs to workspace."""
    folder = file.relative_to(PROJECT / "templates").parts[0]
    return {"end_user": "authentication"}.get(folder, folder if folder in APPS else "workspace")


# Each measure gives the places that it counts. ------------------------------------------------------------------------


def files(module: Module) -> Iterator[Place]:
    yield module.place(1, f"{len(module.lines)} lines", len(module.lines))


def functions(module: Module) -> Iterator[Place]:
    """Functions with their lines, decorators and docstring left out."""
    for node in module.functions:
        first = node.body[0]
        said = first.end_lineno - first.lineno + 1 if ast.get_docstring(node, clean=False) is not None else 0
        lines = node.end_lineno - node.lineno + 1 - said
        yield module.place(node.lineno, f"{node.name}, {lines} lines", lines)


def used_once(module: Module, owner: type[ast.Module | ast.ClassDef]) -> Iterator[Place]:
    """Private functions of modules, or methods of classes, that are named once outside their definition."""
    named = Counter(map(_name, module.nodes))
    for node in chain.from_iterable(each.body for each in module.nodes if isinstance(each, owner)):
        if isinstance(node, Function) and re.match("_[^_]", node.name):
            inside = Counter(map(_name, ast.walk(node)))
            if named[node.name] - inside[node.name] == 1:
                yield module.place(node.lineno, node.name)


def _name(node: ast.AST) -> str | None:
    return getattr(node, "id", None) or getattr(node, "attr", None)


def any_lines(module: Module) -> Iterator[Place]:
    """Lines that name Any, imports included."""
    yield from (module.place(number) for number, line in enumerate(module.lines, 1) if re.search(r"\bAny\b", line))


def complex_functions(module: Module) -> Iterator[Place]:
    """Functions with too many decisions; each `and`, `or`, conditional expression and comprehension is one too.

    ruff's C901, which holds every function to the same limit, counts statements alone.
    """
    for node in module.functions:
        if (decisions := 1 + sum(map(_decisions, ast.walk(node)))) > MAX_DECISIONS:
            yield module.place(node.lineno, f"{node.name}, {decisions}")


def _decisions(node: ast.AST) -> int:
    match node:
        case ast.If() | ast.IfExp() | ast.For() | ast.While() | ast.ExceptHandler() | ast.Assert() | ast.match_case():
            return 1
        case ast.BoolOp():
            return len(node.values) - 1
        case ast.comprehension():
            return 1 + len(node.ifs)
    return 0


def template_lines() -> Iterator[Place]:
    """Every line of a template; its size is its width."""
    for file in sorted((PROJECT / "templates").rglob("*.*")):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            yield Place(template_app(file), file, number, f"{len(line)} columns", len(line))


def unused() -> Iterator[Place]:
    """What nothing names, apart from what [tool.vulture] in pyproject.toml allows."""
    allowed = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["vulture"]
    finder = Vulture(ignore_names=allowed["ignore_names"], ignore_decorators=allowed["ignore_decorators"])
    finder.scavenge([PROJECT / app for app in APPS])
    for file in (PROJECT / "templates").rglob("*.*"):
        finder.used_names.update(re.findall(r"[A-Za-z_]\w*", file.read_text()))
    for module in chain.from_iterable(map(modules, APPS)):
        finder.used_names.update(chain.from_iterable(map(_named_as_text, module.nodes)))
    for found in finder.get_unused_code():
        app, *folders = found.filename.relative_to(PROJECT).parts
        if "migrations" not in folders and folders != ["settings.py"]:
            yield Place(app, found.filename, found.first_lineno, found.message)


def _named_as_text(node: ast.AST) -> list[str]:
    """Names in dotted paths and look-ups, and members of choices: rows hold their values."""
    match node:
        case ast.Constant(value=str(text)) if re.fullmatch(r"[\w.]+", text):
            return re.split(r"\.|__", text)
        case ast.keyword(arg=str(text)) if "__" in text:
            return text.split("__")
        case ast.ClassDef(bases=[ast.Attribute(attr="TextChoices")]):
            members = (each.targets[0] for each in node.body if isinstance(each, ast.Assign))
            return [member.id for member in members if isinstance(member, ast.Name)]
    return []


def duplicates() -> Iterator[Place]:
    """Where runs of six or more equal lines begin."""
    runs = defaultdict(list)
    for module in chain.from_iterable(map(modules, APPS)):
        for start in range(len(module.code) - RUN + 1):
            runs[tuple(text for _, text in module.code[start : start + RUN])].append((module, start))
    repeated = [where for places in runs.values() if len(places) > 1 for where in places]
    starts = set(repeated)
    yield from (module.place(module.code[start][0]) for module, start in repeated if (module, start - 1) not in starts)


# The table. -----------------------------------------------------------------------------------------------------------


def count(places: list[Place]) -> str:
    return str(len(places))


def spread(places: list[Place]) -> str:
    """The median, the size that nine in ten do not exceed, and the largest."""
    sizes = sorted(place.size for place in places)
    return " / ".join(str(sizes[round(share * (len(sizes) - 1))]) for share in (0.5, 0.9, 1))


def too_wide(places: list[Place]) -> str:
    wide = sum(place.size > MAX_COLUMNS for place in places)
    return f"{wide} ({wide / len(places):.1%})"


def collect() -> dict[str, tuple[list[Place], Callable[[list[Place]], str]]]:
    """What is measured: its name, the places, and what is said of them."""
    every = [module for app in APPS for module in modules(app)]

    def each(measure: Callable[[Module], Iterator[Place]]) -> list[Place]:
        return list(chain.from_iterable(map(measure, every)))

    return {
        "Lines of files, p50 / p90 / max": (each(files), spread),
        "Lines of functions, p50 / p90 / max": (each(functions), spread),
        f"Functions over {MAX_DECISIONS} decisions": (each(complex_functions), count),
        "Private functions used once": (each(partial(used_once, owner=ast.Module)), count),
        "Private methods used once": (each(partial(used_once, owner=ast.ClassDef)), count),
        f"Template lines over {MAX_COLUMNS} columns": (list(template_lines()), too_wide),
        "Lines with Any": (each(any_lines), count),
        "Unused code": (list(unused()), count),
        f"Duplicates of {RUN} lines": (list(duplicates()), count),
    }


def main() -> None:
    """Print the table, then the longest files and functions; with `--where`, every place."""
    measures = collect()
    rows = [["", *APPS]]
    for name, (places, said) in measures.items():
        rows.append([name, *(said([place for place in places if place.app == app]) for app in APPS)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *values in rows:
        cells = [value.rjust(width) for value, width in zip(values, widths[1:], strict=True)]
        print(name.ljust(widths[0]), *cells, sep="  ")
    everywhere = "--where" in sys.argv
    for name, (places, said) in measures.items():
        if said is spread:
            longest = sorted(places, key=lambda place: -place.size)
            print(f"\n{name.split(',')[0]}, the longest:", *longest[: 30 if everywhere else 3], sep="\n  ")
        elif said is count and everywhere:
            print(f"\n{name}:", *places, sep="\n  ")


if __name__ == "__main__":
    main()
