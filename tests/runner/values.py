"""Values: what matches what."""
import decimal
import json


def unique(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice: " + ", ".join(k for k, _ in pairs))
    return members


def no_constant(word):
    raise ValueError(f"{word} is not JSON")


def parse_json(text):
    """Strict JSON; numbers keep their value exactly."""
    return json.loads(text, parse_float=decimal.Decimal, parse_constant=no_constant,
                      object_pairs_hook=unique)


def number(value):
    return isinstance(value, (int, decimal.Decimal)) and not isinstance(value, bool)


def equal(a, b):
    """Exactly equal; numbers by value, and True is no number."""
    if number(a) and number(b):
        return a == b
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    return type(a) is type(b) and a == b


def shown(value, width=160):
    text = json.dumps(value, default=lambda d: int(d) if d == d.to_integral_value() else float(d),
                      ensure_ascii=False)
    return text if len(text) <= width else text[:width // 2] + " ... " + text[-width // 2:]


def differences(expected, reported, path=""):
    """Where a reported line is not what was expected: objects by subset, arrays exactly, null is null or absent."""
    if expected is None or not isinstance(expected, dict) or not isinstance(reported, dict):
        if equal(expected, reported):
            return []
        return [f"{path or '.'}: expected {shown(expected)}, got {shown(reported)}"]
    found = []
    for key, value in expected.items():
        where = f"{path}.{key}" if path else key
        if key in reported:
            found += differences(value, reported[key], where)
        elif value is not None:
            found.append(f"{where}: expected {shown(value)}, absent")
    return found


def match(expected, reported):
    """One-to-one, as many as possible (augmenting paths). Indices left over: of the expected, of the reported."""
    edges = [[j for j, line in enumerate(reported) if not differences(wanted, line)]
             for wanted in expected]
    taken = {}  # reported -> expected

    def place(i, seen):
        for j in edges[i]:
            if j not in seen:
                seen.add(j)
                if j not in taken or place(taken[j], seen):
                    taken[j] = i
                    return True
        return False

    missing = [i for i in range(len(expected)) if not place(i, set())]
    return missing, [j for j in range(len(reported)) if j not in taken]
