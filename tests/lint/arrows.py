"""Reads names of C files; tells includes against the order of the folders, and headers that include each other in a ring.

agent/core includes itself only; diff, core too; providers, core and diff too; sync, core, diff and providers/provider.h
too; agent and tests, all. Of providers/X nothing may be included by providers/Y.
"""
import os
import re
import sys

MAY = {
    "core": {"core"},
    "diff": {"core", "diff"},
    "providers": {"core", "diff", "providers"},
    "sync": {"core", "diff", "sync"},
    "agent": {"core", "diff", "providers", "sync", "agent"},
}
SEAM = "providers/provider.h"


def layer(path):
    return "core" if path.startswith("agent/core/") else path.split("/")[0]


def provider(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "providers" and len(parts) > 2 else None


def includes(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            found = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            if found:
                yield number, found.group(1)


def resolve(path, name):
    """As the compiler does: beside the file, then -I. and -Iagent."""
    for folder in (os.path.dirname(path), ".", "agent"):
        found = os.path.normpath(os.path.join(folder, name))
        if os.path.exists(found):
            return found
    return None


def allowed(path, target):
    mine, other = layer(path), layer(target)
    if mine not in MAY:
        return True
    if mine == "sync" and target == SEAM:
        return True
    if provider(path) and provider(target) and provider(path) != provider(target):
        return False
    return other in MAY[mine]


def rings(graph):
    """Headers that include each other, each ring told once."""
    state, stack = {}, []

    def visit(path):
        state[path] = "open"
        stack.append(path)
        for number, target in graph.get(path, []):
            if state.get(target) == "open":
                print(f"{path}:{number}: a ring: {' -> '.join(stack[stack.index(target):] + [target])}")
            elif target not in state:
                visit(target)
        stack.pop()
        state[path] = "done"

    for path in sorted(graph):
        if path not in state:
            visit(path)


def main():
    graph = {}
    for path in sys.stdin.read().split():
        graph[path] = []
        for number, name in includes(path):
            target = resolve(path, name)
            if target is None:
                print(f"{path}:{number}: no file {name}")
                continue
            graph[path].append((number, target))
            if not allowed(path, target):
                print(f"{path}:{number}: {layer(path)} may not include {target}")
    rings(graph)


main()
