"""The types a model declares, found by name, with their constraints compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from thanglong.solve.dmn import model as m
from thanglong.solve.dmn.feel import types as t
from thanglong.solve.dmn.feel.compiler import compile_node
from thanglong.solve.dmn.feel.layout import Layout, Place
from thanglong.solve.dmn.feel.lexer import FeelFault
from thanglong.solve.dmn.feel.names import Scope, canonical
from thanglong.solve.dmn.feel.parser import parse_tests
from thanglong.solve.dmn.feel.values import Value

DEPTH = 40


class Types:
    """The item definitions of one model and, under their import's name, of the models it imports."""

    def __init__(self, definitions: m.Definitions) -> None:
        self.definitions = definitions
        self.items = {item.name: item for item in definitions.items}
        self.imported: dict[str, Types] = {}
        self.by_prefix: dict[str, Types] = {}
        self.made: dict[str, t.Type] = {}
        self.faults: list[tuple[str, str, int]] = []
        self._making: list[str] = []

    def link(self, all_types: Mapping[str, Types]) -> None:
        """Makes the types of imported models (by namespace) visible."""
        imports, prefixes = self.definitions.imports, self.definitions.prefixes
        self.imported = {one.name: all_types[one.namespace] for one in imports if one.namespace in all_types}
        self.by_prefix = {key: all_types[space] for key, space in prefixes.items() if key and space in all_types}

    def names(self) -> dict[str, str]:
        """The declared type names by canonical form, imported ones with their prefix."""
        own = {canonical(name): name for name in self.items}
        for prefix, types in self.imported.items():
            for name in types.items:
                full = f"{prefix}.{name}" if prefix else name
                own.setdefault(canonical(full), full)
        return own

    def component_names(self) -> Iterator[str]:
        """The names of all components of all types, own and imported."""
        stack = list(self.items.values())
        while stack:
            item = stack.pop()
            stack.extend(item.components)
            yield from (part.name for part in item.components)
        for types in self.imported.values():
            if types is not self:
                yield from types.component_names()

    def find(self, name: str) -> t.Type | None:
        """The type of this name, or None."""
        found = t.basic(name)
        if found is not None:
            return found
        if name in self.items:
            return self._item_type(name)
        for prefix, types in self.imported.items():
            if not prefix:
                found = types.find(name)
                if found is not None:
                    return found
            elif name.startswith(prefix + "."):
                return types.find(name[len(prefix) + 1 :])
        prefix, mark, local = name.partition(":")
        if not mark:
            return None
        if prefix in self.by_prefix:
            return self.by_prefix[prefix].find(local)
        return t.basic(local) or (self._item_type(local) if local in self.items else None)

    def of(self, reference: str | None) -> t.Lazy | None:
        """The type of a type reference; None where there is none."""
        if reference is None:
            return None
        return t.basic(reference) or t.Reference(reference, self.find)

    def _item_type(self, name: str) -> t.Type | None:
        if name in self.made:
            return self.made[name]
        if name in self._making or len(self._making) > DEPTH:
            return None  # a type that is defined as itself
        self._making.append(name)
        self.made[name] = self._make(self.items[name], name)
        self._making.pop()
        return self.made[name]

    def _make(self, item: m.ItemDefinition, name: str) -> t.Type:
        checks = self._checks(item.allowed_values, item)
        whole = self._checks(item.type_constraint, item)
        if item.parameters is not None:
            parameters = tuple(self.of(one.type_ref) or t.ANY for one in item.parameters)
            made = t.Type("function", name, None, None, parameters, self.of(item.result_type) or t.ANY)
        elif item.components:
            made = t.Type("context", name, fields=tuple((part.name, self._part(part)) for part in item.components))
        else:
            base = self.find(item.type_ref) if item.type_ref else t.ANY
            made = base or t.UNKNOWN
        if not item.is_collection:
            return self._with(made, name, checks + whole)
        return t.Type("list", name, self._with(made, "", checks), checks=whole)

    def _with(self, base: t.Type, name: str, checks: tuple[t.Check, ...]) -> t.Type:
        if base.kind == "?":
            return base
        return t.Type(
            base.kind, name or base.name, base.item, base.fields, base.parameters, base.result, base.checks + checks
        )

    def _part(self, part: m.ItemDefinition) -> t.Lazy:
        plain = not (part.components or part.allowed_values or part.type_constraint or part.is_collection)
        if plain and part.parameters is None:
            return self.of(part.type_ref) or t.ANY
        if part.type_ref and not part.components:
            return _Part(self, part)
        return self._make(part, "")

    def make_part(self, part: m.ItemDefinition) -> t.Type:
        """The type of a component with constraints or many values."""
        return self._make(part, "")

    def _checks(self, text: str | None, item: m.ItemDefinition) -> tuple[t.Check, ...]:
        if not text or not text.strip():
            return ()
        from thanglong.solve.dmn.feel.builtins import BUILT_INS

        place = Place(Layout(), ("?",), types=self.find)
        known = {canonical(part.name): part.name for part in item.components}
        try:
            code = compile_node(parse_tests(text, Scope(("?", *BUILT_INS), known=known, types=self.names())), place)
        except FeelFault as fault:
            self.faults.append((f"{item.name}: {fault.reason}", text, item.line))
            return ()

        def check(run: object, value: Value) -> bool:
            frame = [None] * place.layout.size
            frame[0], frame[place.cells["?"]] = run, value  # type: ignore[call-overload]
            return code(frame) is True

        return (check,)


class _Part(t.Reference):
    """A component's type, made when it is first needed (its base may be defined later, or be the type itself)."""

    __slots__ = ("part", "types")

    def __init__(self, types: Types, part: m.ItemDefinition) -> None:
        super().__init__(part.type_ref or "", types.find)
        self.types, self.part = types, part

    def get(self) -> t.Type:
        if self.found is None:
            self.found = self.types.make_part(self.part)
        return self.found
