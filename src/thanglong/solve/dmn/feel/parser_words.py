"""The expressions that begin with a word: if, for, some, every, function, and the constants."""

from __future__ import annotations

from typing import Protocol

from thanglong.solve.dmn.feel import ast
from thanglong.solve.dmn.feel.lexer import FeelFault, Scanner
from thanglong.solve.dmn.feel.names import Scope
from thanglong.solve.dmn.feel.parser_types import parse_type
from thanglong.solve.dmn.feel.temporal import parse_literal


class Parser(Protocol):
    """What is needed of the parser here."""

    scan: Scanner
    scope: Scope
    bare_end: bool

    def expression(self) -> ast.Node:
        """The expression at the scanner's position."""
        ...


_CONSTANTS = {"true": True, "false": False, "null": None}
Iterators = tuple[tuple[str, ast.Node, "ast.Node | None"], ...]


def keyword(parser: Parser, word: str) -> ast.Node:
    """The expression after a keyword that has just been read."""
    if word in _CONSTANTS:
        return ast.Literal(_CONSTANTS[word])
    outer, bare = parser.scope, parser.bare_end
    parser.bare_end = False
    try:
        if word == "if":
            return _if(parser)
        if word == "for":
            iterators = _iterators(parser, "return")
            parser.scope = Scope(("partial",), parser.scope)
            return ast.For(iterators, parser.expression())
        if word in ("some", "every"):
            iterators = _iterators(parser, "satisfies")
            return ast.Quantified(word == "every", iterators, parser.expression())
        if word == "function":
            return _function(parser)
    finally:
        parser.scope, parser.bare_end = outer, bare
    raise FeelFault(f"unexpected {word!r}", parser.scan.at - len(word))


def at_literal(parser: Parser) -> ast.Node:
    """A calendar literal ``@"…"``; one that is none stays a call that gives null and says so."""
    at = parser.scan.at
    parser.scan.jump(at + 1)
    text = parser.scan.string()
    if text is None:
        raise FeelFault("expected a string after @", at)
    found = parse_literal(text)
    return ast.Literal(found) if found else ast.Call(ast.Name("date and time"), (ast.Literal(text),))


def _if(parser: Parser) -> ast.Node:
    condition = parser.expression()
    parser.scan.need_word("then")
    then = parser.expression()
    parser.scan.need_word("else")
    return ast.If(condition, then, parser.expression())


def _iterators(parser: Parser, end: str) -> Iterators:
    found: list[tuple[str, ast.Node, ast.Node | None]] = []
    while True:
        name = _name_before(parser, ("in",))
        parser.scan.need_word("in")
        domain = parser.expression()
        last = parser.expression() if parser.scan.take("..") else None
        found.append((name, domain, last))
        parser.scope = Scope((name,), parser.scope)
        if not parser.scan.take(","):
            break
    parser.scan.need_word(end)
    return tuple(found)


def _name_before(parser: Parser, words: tuple[str, ...]) -> str:
    """A declared name: everything up to one of the words, or up to a sign that no name holds."""
    scan = parser.scan
    start, end = scan.at, 0
    for piece, behind in scan.pieces(64):
        if piece in words and end:
            break
        end = behind
    if not end or not scan.word():
        raise FeelFault(f"expected a name, found {scan.rest()}", scan.at)
    name = " ".join(scan.text[start:end].split())
    scan.jump(end)
    return name


def _function(parser: Parser) -> ast.Node:
    scan = parser.scan
    scan.need("(")
    parameters: list[tuple[str, ast.TypeNode | None]] = []
    while scan.sign() != ")":
        name = _name_before(parser, ())
        kind = parse_type(scan, parser.scope) if scan.take(":") else None
        parameters.append((name, kind))
        if not scan.take(","):
            break
    scan.need(")")
    names = [name for name, _ in parameters]
    if len(set(names)) != len(names):
        raise FeelFault("a function has the same parameter twice", scan.at)
    external = scan.take_word("external")
    parser.scope = Scope(names, parser.scope)
    return ast.Lambda(tuple(parameters), parser.expression(), external)
