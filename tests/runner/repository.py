"""What Git holds in a case."""
import copy
import os

import yaml


def git_environment(home):
    return {"PATH": os.environ["PATH"], "HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8",
            **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in
               (("NAME", "Case"), ("EMAIL", "case@holdfast.invalid"))}}


def merge(base, over):
    if isinstance(base, dict) and isinstance(over, dict):
        return {key: merge(base[key], over[key]) if key in base and key in over
                else copy.deepcopy(over.get(key, base.get(key))) for key in {**base, **over}}
    return copy.deepcopy(over)


def is_manifest(name):
    return name.endswith((".yaml", ".yml", ".json")) and not name.startswith(".")


def manifests(folder):
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (os.path.join(where, name) for name in sorted(files) if is_manifest(name))


def crds_of(paths):
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        if "CustomResourceDefinition" in text:
            yield from (doc for doc in yaml.safe_load_all(text)
                        if isinstance(doc, dict) and doc.get("kind") == "CustomResourceDefinition")
