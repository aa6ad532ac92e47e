"""FEEL's grammar by recursive descent (specification 10.3.1.2)."""

from thanglong.solve.dmn.feel import ast, parser_words
from thanglong.solve.dmn.feel.lexer import FeelFault, Scanner
from thanglong.solve.dmn.feel.names import KEYWORDS, Scope, canonical, join
from thanglong.solve.dmn.feel.parser_types import parse_type
from thanglong.solve.dmn.feel.values import number

DEPTH = 50
"""Deepest nesting of an expression."""
EFFORT = 200_000
"""Steps the parser may take, which also ends hostile backtracking."""
_COMPARE = ("=", "!=", "<=", ">=", "<", ">")
_RANGE_END = ("]", ")", "[")
_LEVELS: tuple[tuple[str, ...], ...] = (("+", "-"), ("*", "/"), ("**",))
ALWAYS = {canonical(name): name for name in ("time offset", "start included", "end included")}


def parse(text: str, scope: Scope) -> ast.Node:
    """The expression in ``text``.

    :raises FeelFault: it is not FEEL, with the position.
    """
    return _whole(text, scope, lambda parser: parser.expression())


def parse_tests(text: str, scope: Scope) -> ast.UnaryTests:
    """The unary tests in ``text`` (a cell of a decision table); ``scope`` should know ``?``.

    :raises FeelFault: it is not FEEL, with the position.
    """
    found = _whole(text, scope, lambda parser: parser.unary_tests())
    assert isinstance(found, ast.UnaryTests)
    return found


def _whole(text: str, scope: Scope, read: "object") -> ast.Node:
    try:
        parser = Parser(Scanner(text), scope)
        node: ast.Node = read(parser)  # type: ignore[operator]
    except RecursionError:
        raise FeelFault("the expression is nested too deeply") from None
    if not parser.scan.ended():
        raise FeelFault(f"unexpected {parser.scan.rest()}", parser.scan.at)
    return node


class Parser:
    """One reading of one text."""

    __slots__ = ("bare_end", "depth", "effort", "scan", "scope")

    def __init__(self, scan: Scanner, scope: Scope) -> None:
        self.scan, self.scope = scan, scope
        self.depth = self.effort = 0
        self.bare_end = False

    # expressions

    def expression(self) -> ast.Node:
        self.depth += 1
        self.effort += 1
        if self.depth > DEPTH:
            raise FeelFault(f"the expression is nested deeper than {DEPTH}", self.scan.at)
        if self.effort > EFFORT:
            raise FeelFault("the expression is too complicated", self.scan.at)
        node = self._disjunction()
        self.depth -= 1
        return node

    def _disjunction(self) -> ast.Node:
        node = self._conjunction()
        while self.scan.take_word("or"):
            node = ast.Binary("or", node, self._conjunction())
        return node

    def _conjunction(self) -> ast.Node:
        node = self._comparison()
        while self.scan.take_word("and"):
            node = ast.Binary("and", node, self._comparison())
        return node

    def _comparison(self) -> ast.Node:
        node = self._arithmetic(0)
        while True:
            sign = self.scan.sign()
            word = self.scan.word()
            if sign in _COMPARE:
                self.scan.take(sign)
                node = ast.Binary(sign, node, self._arithmetic(0))
            elif word == "between":
                self.scan.take_word(word)
                low = self._arithmetic(0)
                self.scan.need_word("and")
                node = ast.Between(node, low, self._arithmetic(0))
            elif word == "in":
                self.scan.take_word(word)
                node = ast.In(node, self._in_tests())
            else:
                return node

    def _arithmetic(self, level: int) -> ast.Node:
        if level == len(_LEVELS):
            return self._negation()
        node = self._arithmetic(level + 1)
        while (sign := self.scan.sign()) in _LEVELS[level]:
            self.scan.take(sign)
            node = ast.Binary(sign, node, self._arithmetic(level + 1))
        return node

    def _negation(self) -> ast.Node:
        count = 0
        while self.scan.sign() == "-":
            self.scan.take("-")
            count += 1
            if count > DEPTH:
                raise FeelFault("too many minus signs", self.scan.at)
        if count and (self.scan.text[self.scan.at : self.scan.at + 1] or "x") in "0123456789.":
            value = self.scan.number()
            if value is None:
                raise FeelFault(f"unexpected {self.scan.rest()}", self.scan.at)
            node = self._postfix(ast.Literal(number(value.copy_negate())))
            count -= 1
        else:
            node = self._postfix(self.primary())
        for _ in range(count):
            node = ast.Unary(node)
        return node

    def _postfix(self, node: ast.Node) -> ast.Node:
        for _ in range(DEPTH * 2):
            sign = self.scan.sign()
            if sign == ".":
                self.scan.take(".")
                node = ast.Path(node, self._field())
            elif sign == "...":
                self.scan.take("...")
                node = ast.Descend(node, self._field())
            elif sign == "[" and not self.bare_end:
                node = self._filter(node)
            elif sign == "(":
                self.scan.take("(")
                node = self._call(node)
            elif self.scan.word() == "instance":
                self.scan.take_word("instance")
                self.scan.need_word("of")
                node = ast.InstanceOf(node, parse_type(self.scan, self.scope))
            else:
                return node
        raise FeelFault("the expression is nested too deeply", self.scan.at)

    def _filter(self, node: ast.Node) -> ast.Node:
        outer = self.scope, self.bare_end
        self.scan.take("[")
        self.bare_end = False
        self.scope = Scope(("item",), self.scope)
        condition = self.expression()
        self.scope, self.bare_end = outer
        self.scan.need("]")
        return ast.Filter(node, condition)

    def _field(self) -> str:
        """The name after a point: the longest known one, else a single word."""
        pieces = self.scan.pieces(max(self.scope.longest, 3), anything=True)
        for count in range(len(pieces), 0, -1):
            name = join(piece for piece, _ in pieces[:count])
            found = self.scope.known.get(name) or ALWAYS.get(name)
            if found is not None:
                self.scan.jump(pieces[count - 1][1])
                return found
        word = self.scan.word()
        if not word:
            raise FeelFault(f"expected a name, found {self.scan.rest()}", self.scan.at)
        self.scan.jump(self.scan.at + len(word))
        return word

    def _call(self, function: ast.Node) -> ast.Node:
        outer, self.bare_end = self.bare_end, False
        arguments: list[ast.Node] = []
        names: list[str] = []
        if self.scan.sign() != ")":
            while True:
                name = self._argument_name()
                if name is not None:
                    names.append(name)
                arguments.append(self.expression())
                if not self.scan.take(","):
                    break
        self.bare_end = outer
        self.scan.need(")")
        if names and len(names) != len(arguments):
            raise FeelFault("named and positional arguments are mixed", self.scan.at)
        return ast.Call(function, tuple(arguments), tuple(names) if names else None)

    def _argument_name(self) -> str | None:
        pieces = self.scan.pieces(64)
        if not pieces:
            return None
        back = self.scan.at
        self.scan.jump(pieces[-1][1])
        if self.scan.take(":"):
            return " ".join(self.scan.text[back : pieces[-1][1]].split())
        self.scan.jump(back)
        return None

    # unary tests

    def unary_tests(self) -> ast.UnaryTests:
        """``-``, a list of tests, or ``not(…)`` of one."""
        back = self.scan.at
        if self.scan.take("-") and self.scan.ended():
            return ast.UnaryTests(())
        self.scan.jump(back)
        if self.scan.word() == "not" and self._negated():
            tests = self.tests()
            self.scan.need(")")
            if self.scan.ended():
                return ast.UnaryTests(tests, True)
            self.scan.jump(back)
        return ast.UnaryTests(self.tests())

    def _negated(self) -> bool:
        self.scan.take_word("not")
        if self.scan.take("("):
            return True
        raise FeelFault("expected '(' after not", self.scan.at)

    def tests(self) -> tuple[ast.Node, ...]:
        """Tests separated by commas."""
        found = [self._test()]
        while self.scan.take(","):
            found.append(self._test())
        return tuple(found)

    def _test(self) -> ast.Node:
        sign = self.scan.sign()
        if sign in _COMPARE:
            self.scan.take(sign)
            return ast.Test(sign, self._arithmetic(0))
        return self.expression()

    def _in_tests(self) -> tuple[ast.Node, ...]:
        """What stands behind ``in``: one test, or tests in brackets."""
        if self.scan.sign() in _COMPARE:
            return (self._test(),)
        if self.scan.sign() == "(":
            back = self.scan.at
            self.scan.take("(")
            try:
                tests = self.tests()
                if len(tests) > 1 or isinstance(tests[0], ast.Test):
                    self.scan.need(")")
                    return tests
            except FeelFault:
                self.effort += 10
            self.scan.jump(back)
        return (self._arithmetic(0),)

    # what an expression begins with

    def primary(self) -> ast.Node:
        scan = self.scan
        text = scan.string()
        if text is not None:
            return ast.Literal(text)
        value = scan.number()
        if value is not None:
            return ast.Literal(number(value))
        sign = scan.sign()
        if sign == "@":
            return parser_words.at_literal(self)
        if sign == "(":
            return self._bracketed()
        if sign in ("[", "]"):
            return self._list_or_range()
        if sign == "{":
            return self._context()
        return self._worded()

    def _bracketed(self) -> ast.Node:
        back = self.scan.at
        outer, self.bare_end = self.bare_end, False
        self.scan.take("(")
        sign = self.scan.sign()
        if sign in _COMPARE:
            node = self._test()
            self.scan.need(")")
            self.bare_end = outer
            return node
        first = self.expression()
        self.bare_end = outer
        if self.scan.sign() == "..":
            return self._range(back, first, False)
        self.scan.need(")")
        return first

    def _list_or_range(self) -> ast.Node:
        back = self.scan.at
        closed = self.scan.sign() == "["
        self.scan.jump(back + 1)
        if closed and self.scan.take("]"):
            return ast.ListOf(())
        outer, self.bare_end = self.bare_end, False
        items = [self.expression() if not closed else self._test()]
        if self.scan.sign() == "..":
            self.bare_end = outer
            return self._range(back, items[0], closed)
        if not closed:
            raise FeelFault(f"expected '..', found {self.scan.rest()}", self.scan.at)
        while self.scan.take(","):
            items.append(self._test())
        self.bare_end = outer
        self.scan.need("]")
        return ast.ListOf(tuple(items))

    def _range(self, start: int, low: ast.Node, closed: bool) -> ast.Node:
        """The rest of a range: ``[1..3[`` is tried after a filter ``3[…]`` has failed."""
        self.scan.take("..")
        back, depth, outer = self.scan.at, self.depth, self.bare_end
        for bare in (False, True):
            self.scan.jump(back)
            self.depth = depth
            self.bare_end = bare
            self.effort += 20
            if self.effort > EFFORT:
                raise FeelFault("the expression is too complicated", start)
            scope = self.scope
            try:
                high = self.expression()
                if self.scan.sign() in _RANGE_END:
                    break
            except FeelFault:
                self.scope = scope
                if bare:
                    raise
        self.bare_end = outer
        sign = self.scan.sign()
        if sign not in _RANGE_END:
            raise FeelFault(f"expected the end of a range, found {self.scan.rest()}", self.scan.at)
        self.scan.jump(self.scan.at + 1)
        return ast.RangeOf(low, closed, high, sign == "]")

    def _context(self) -> ast.Node:
        outer, bare = self.scope, self.bare_end
        self.bare_end = False
        self.scan.take("{")
        entries: list[tuple[str, ast.Node]] = []
        names: list[str] = []
        while self.scan.sign() != "}":
            key = self._key()
            if key in names:
                raise FeelFault(f"the context has {key!r} twice", self.scan.at)
            self.scan.need(":")
            entries.append((key, self.expression()))
            names.append(key)
            known = dict(outer.known) | {canonical(name): name for name in names}
            self.scope = Scope(names, outer, known)
            if not self.scan.take(","):
                break
        self.scan.need("}")
        # Names of keys stay known for paths further on in the same expression.
        self.scope = Scope((), outer, self.scope.known) if names else outer
        self.bare_end = bare
        return ast.ContextOf(tuple(entries))

    def _key(self) -> str:
        text = self.scan.string()
        if text is not None:
            return text
        pieces = self.scan.pieces(64)
        if not pieces or not self.scan.word():
            raise FeelFault(f"expected a name, found {self.scan.rest()}", self.scan.at)
        name = " ".join(self.scan.text[self.scan.at : pieces[-1][1]].split())
        self.scan.jump(pieces[-1][1])
        return name

    def _worded(self) -> ast.Node:
        scan = self.scan
        word = scan.word()
        if not word:
            raise FeelFault(f"unexpected {scan.rest()}", scan.at)
        pieces = scan.pieces(self.scope.longest, anything=True)
        least = 2 if word in KEYWORDS else 1
        for find in (self.scope.find, self.scope.known.get):
            for count in range(len(pieces), least - 1, -1):
                found = find(join(piece for piece, _ in pieces[:count]))
                if found is not None:
                    scan.jump(pieces[count - 1][1])
                    return ast.Name(found)
        scan.jump(scan.at + len(word))
        return parser_words.keyword(self, word) if word in KEYWORDS else ast.Name(word)
