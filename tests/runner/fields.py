"""Places in an object, as a report line names them and as two objects differ.

A place is a tuple of steps: a member's name, or for an element of a list the pair of its indices, in the live list
and in the merged one, None where that list does not have it.
"""
import json
import re

from .values import equal

# What tells the elements of a list apart, in the order in which it is tried.
KEYS = (("containerPort", "protocol"), ("port", "protocol"), ("mountPath",), ("devicePath",), ("name",), ("uid",),
        ("topologyKey", "whenUnsatisfiable"), ("ip",), ("type",), ("key",), ("id",))
MEMBER = re.compile(r"\.?([A-Za-z0-9_-]+)")
KEY = re.compile(r",?([^=,\[\]\"]+)=")
BARE = re.compile(r"[^,\]]*")
decoder = json.JSONDecoder()


def take_value(text, at):
    """A JSON value, or a string without quotes."""
    bare = BARE.match(text, at)
    try:
        value, end = decoder.raw_decode(text, at)
        if text[end] in ",]":
            return value, end
    except (ValueError, IndexError):
        pass
    return bare.group(), bare.end()


def parse_field(text):
    """The steps of a report's field: ("member", name), ("index", n), ("value", v) or ("keys", {...})."""
    steps, at = [], 0
    while at < len(text):
        member = MEMBER.match(text, at)
        if member:
            steps.append(("member", member.group(1)))
            at = member.end()
            continue
        if text[at] != "[":
            raise ValueError(f"{text!r} is not a field")
        if text[at + 1] == '"':
            value, at = decoder.raw_decode(text, at + 1)
            steps.append(("member", value))
        elif text[at + 1] == "=":
            value, at = take_value(text, at + 2)
            steps.append(("value", value))
        elif text[at + 1].isdigit():
            value, at = take_value(text, at + 1)
            steps.append(("index", value))
        else:
            keys, at = {}, at + 1
            while text[at] != "]":
                key = KEY.match(text, at)
                keys[key.group(1)], at = take_value(text, key.end())
            steps.append(("keys", keys))
        if text[at:at + 1] != "]":
            raise ValueError(f"{text!r} is not a field")
        at += 1
    return steps


def same_key(value, wanted):
    return equal(value, wanted) or (isinstance(wanted, str) and wanted == str(value))


def element_index(items, kind, wanted):
    if not isinstance(items, list):
        return None
    for index, item in enumerate(items):
        if (kind == "index" and index == wanted) or (kind == "value" and equal(item, wanted)):
            return index
        if kind == "keys" and isinstance(item, dict) and all(
                same_key(item[k], v) for k, v in wanted.items() if k in item):
            return index
    return None


def child(value, step):
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def place_of(field, live, merged):
    """The place that a report's field names."""
    steps = []
    for kind, wanted in parse_field(field):
        if kind == "member":
            steps.append(wanted)
            live, merged = child(live, wanted), child(merged, wanted)
        else:
            pair = element_index(live, kind, wanted), element_index(merged, kind, wanted)
            steps.append(pair)
            live, merged = child(live, pair[0]), child(merged, pair[1])
    return tuple(steps)


def same_step(one, other):
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return any(a is not None and a == b for a, b in zip(one, other))


def meet(one, other):
    """Whether two places are the same, or one is inside the other."""
    return all(same_step(a, b) for a, b in zip(one, other))


def identities(items, keys):
    found = [tuple(json.dumps(item.get(key)) for key in keys) for item in items]
    whole = all(key in item for item in items for key in keys)
    return found if whole and len(set(found)) == len(found) else None


def aligned(live, merged):
    """Pairs of indices of the elements that are the same ones; None: the lists have no keys."""
    if all(isinstance(item, dict) for item in live + merged):
        for keys in KEYS:
            one, other = identities(live, keys), identities(merged, keys)
            if one is not None and other is not None:
                break
        else:
            return None
    elif not any(isinstance(item, (dict, list)) for item in live + merged):
        one, other = [[json.dumps(item) for item in items] for items in (live, merged)]
        if len(set(one)) < len(one) or len(set(other)) < len(other):
            return None
    else:
        return None
    return ([(i, other.index(name) if name in other else None) for i, name in enumerate(one)]
            + [(None, j) for j, name in enumerate(other) if name not in one])


def list_places(live, merged, path):
    pairs = aligned(live, merged)
    if pairs is None:
        if len(live) != len(merged):
            return [path]
        pairs = [(i, i) for i in range(len(live))]
    both = [j for i, j in pairs if i is not None and j is not None]
    found = [path] if both != sorted(both) else []
    for i, j in pairs:
        if i is None or j is None:
            found.append((*path, (i, j)))
        else:
            found += places(live[i], merged[j], (*path, (i, j)))
    return found


def places(live, merged, path=()):
    """Where two objects differ: the highest places that only one has, and the leaves that have two values."""
    if isinstance(live, dict) and isinstance(merged, dict):
        found = []
        for name in {**live, **merged}:
            if name in live and name in merged:
                found += places(live[name], merged[name], (*path, name))
            else:
                found.append((*path, name))
        return found
    if isinstance(live, list) and isinstance(merged, list):
        return list_places(live, merged, path)
    return [] if equal(live, merged) else [path]


def written(path):
    """A place, for a person."""
    text = ""
    for step in path:
        if not isinstance(step, str):
            text += f"[{step[0] if step[0] is not None else '+' + str(step[1])}]"
        elif MEMBER.fullmatch(step):
            text += ("." if text else "") + step
        else:
            text += f"[{json.dumps(step)}]"
    return text
