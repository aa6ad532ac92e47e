"""Written types: qualified names, ``list<T>``, ``range<T>``, ``context<a: T>``, ``function<T> -> T``."""

from thanglong.solve.dmn.feel import ast
from thanglong.solve.dmn.feel.lexer import FeelFault, Scanner
from thanglong.solve.dmn.feel.names import Scope, canonical, join

BUILT_IN = {
    canonical(name): name
    for name in (
        "Any",
        "Null",
        "number",
        "string",
        "boolean",
        "date",
        "time",
        "date and time",
        "days and time duration",
        "years and months duration",
        "dateTime",
        "dayTimeDuration",
        "yearMonthDuration",
        "day time duration",
        "year month duration",
        "list",
        "context",
        "function",
        "range",
    )
}
DEPTH = 30


def parse_type(scan: Scanner, scope: Scope, depth: int = 0) -> ast.TypeNode:
    """The type written at the scanner's position."""
    if depth > DEPTH:
        raise FeelFault("the type is nested too deeply", scan.at)
    word = scan.word()
    if word in ("list", "range", "context", "function"):
        back = scan.at
        scan.jump(back + len(word))
        if scan.take("<"):
            return _parametric(scan, scope, word, depth)
        scan.jump(back)
    return ast.TypeNode("name", _name(scan, scope))


def _parametric(scan: Scanner, scope: Scope, word: str, depth: int) -> ast.TypeNode:
    if word in ("list", "range"):
        inner = parse_type(scan, scope, depth + 1)
        scan.need(">")
        return ast.TypeNode(word, arguments=(inner,))
    if word == "context":
        fields: list[tuple[str, ast.TypeNode]] = []
        while scan.sign() != ">":
            fields.append(_field(scan, scope, depth))
            if not scan.take(","):
                break
        scan.need(">")
        return ast.TypeNode(word, fields=tuple(fields))
    kinds: list[ast.TypeNode] = []
    while scan.sign() != ">":
        kinds.append(parse_type(scan, scope, depth + 1))
        if not scan.take(","):
            break
    scan.need(">")
    scan.need("->")
    return ast.TypeNode(word, arguments=tuple(kinds), result=parse_type(scan, scope, depth + 1))


def _field(scan: Scanner, scope: Scope, depth: int) -> tuple[str, ast.TypeNode]:
    pieces = scan.pieces(64)
    if not pieces:
        raise FeelFault(f"expected a name, found {scan.rest()}", scan.at)
    name = " ".join(scan.text[scan.at : pieces[-1][1]].split())
    scan.jump(pieces[-1][1])
    scan.need(":")
    return name, parse_type(scan, scope, depth + 1)


def _name(scan: Scanner, scope: Scope) -> str:
    pieces = scan.pieces(24)
    for count in range(len(pieces), 0, -1):
        name = join(piece for piece, _ in pieces[:count])
        found = BUILT_IN.get(name) or scope.types.get(name)
        if found is not None:
            scan.jump(pieces[count - 1][1])
            return found
    word = scan.word()
    if not word:
        raise FeelFault(f"expected a type, found {scan.rest()}", scan.at)
    scan.jump(scan.at + len(word))
    while scan.sign() == ".":
        scan.take(".")
        more = scan.word()
        word += "." + more
        scan.jump(scan.at + len(more))
    return word
