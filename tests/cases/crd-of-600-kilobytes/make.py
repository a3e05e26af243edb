import json

words = "what this member means, at some length, for whoever reads the documentation of it. " * 6
part = {"type": "object", "properties": {
    name: {"type": kind, "description": words} for name, kind in
    (("size", "integer"), ("colour", "string"), ("mode", "string"), ("since", "string"))}}
spec = {"type": "object", "properties": {f"part{i}": part for i in range(270)}}
crd = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "things.crd-of-600-kilobytes.example.com"},
    "spec": {
        "group": "crd-of-600-kilobytes.example.com", "scope": "Namespaced",
        "names": {"plural": "things", "singular": "thing", "kind": "Thing", "shortNames": ["th"]},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {
            "openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}}]}}
with open("../repository/crd.json", "w", encoding="utf-8") as file:
    json.dump(crd, file, indent=1)
assert len(json.dumps(crd)) > 600000
