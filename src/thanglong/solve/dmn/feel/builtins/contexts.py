"""Functions on contexts."""

from thanglong.solve.dmn.feel.builtins.base import as_list, built_in, wrong
from thanglong.solve.dmn.feel.run import Run
from thanglong.solve.dmn.feel.values import Value

DEPTH = 100


@built_in("get value", "m, key")
def get_value(run: Run, context: Value, key: Value) -> Value:
    if type(context) is not dict:
        return wrong(run, "get value", context, "context")
    if type(key) is not str:
        return wrong(run, "get value", key, "key")
    return context.get(key)


@built_in("get entries", "m")
def get_entries(run: Run, context: Value) -> Value:
    if type(context) is not dict:
        return wrong(run, "get entries", context, "context")
    run.room(len(context))
    return [{"key": key, "value": value} for key, value in context.items()]


@built_in("context", "entries")
def context(run: Run, entries: Value) -> Value:
    if entries is None:
        return wrong(run, "context", entries, "entries")
    run.room(len(as_list(entries)))
    made: dict[str, Value] = {}
    for entry in as_list(entries):
        if type(entry) is not dict or not {"key", "value"} <= entry.keys() or type(entry["key"]) is not str:
            return wrong(run, "context", entry, "entries with key and value")
        if entry["key"] in made:
            return run.null("argument", "A key stands twice", "context", entry["key"])
        made[entry["key"]] = entry["value"]
    return made


@built_in("context put", "context, key:string, value", "context, keys, value")
def context_put(run: Run, context: Value, key: Value, value: Value) -> Value:
    if type(context) is not dict:
        return wrong(run, "context put", context, "context")
    keys = key if type(key) is list else [key]
    if not keys or len(keys) > DEPTH or not all(type(one) is str for one in keys):
        return wrong(run, "context put", key, "keys")
    return _put(run, context, keys, value)


def _put(run: Run, context: Value, keys: list[str], value: Value) -> Value:
    if type(context) is not dict:
        return wrong(run, "context put", context, "context at each key but the last")
    run.spend(len(context) + 1)
    if len(keys) == 1:
        return context | {keys[0]: value}
    inner = _put(run, context.get(keys[0]), keys[1:], value)
    return None if inner is None else context | {keys[0]: inner}


@built_in("context merge", "contexts")
def context_merge(run: Run, contexts: Value) -> Value:
    if contexts is None:
        return wrong(run, "context merge", contexts, "contexts")
    made: dict[str, Value] = {}
    for one in as_list(contexts):
        if type(one) is not dict:
            return wrong(run, "context merge", one, "contexts")
        run.spend(len(one) + 1)
        made.update(one)
    return made
