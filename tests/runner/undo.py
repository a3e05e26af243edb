"""Undoing an edit: every declared object is put back as it was before, its managedFields included."""
import copy
import json
import os
import time

import yaml

from .cluster import kubectl
from .common import Failure
from .repository import manifests

SECONDS = 90
AT_ONCE = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
SERVERS = ("resourceVersion", "uid", "creationTimestamp", "generation", "deletionTimestamp",
           "deletionGracePeriodSeconds", "selfLink")


class Snapshot:
    """The declared objects of all trees, and of what setup.sh committed, as they are live before somebody edits."""

    def __init__(self, case):
        self.api, self.namespace = case.cluster.api, case.name
        self.resources = {}  # apiVersion -> {kind: its APIResource}
        self.objects, self.answer = [], None
        with open(case.cluster.kubeconfig, encoding="utf-8") as file:
            config = yaml.safe_load(file)
        for context in config["contexts"]:  # -n would refuse objects that name another namespace
            context["context"]["namespace"] = case.name
        kubeconfig = os.path.join(case.work, "kubeconfig-undo")
        with open(kubeconfig, "w", encoding="utf-8") as file:
            yaml.safe_dump(config, file)
        files = [path for tree in [*case.trees(), case.repository] for path in manifests(tree)]
        words = [word for path in files for word in ("-f", path)]
        text = kubectl("get", *words, "--kubeconfig", kubeconfig, "--ignore-not-found", "--show-managed-fields",
                       "-o", "json", check=False) if words else ""
        found = json.loads(text) if text.strip() else {}
        items = found.get("items", [found] if found.get("kind") else [])
        order = {"Namespace": 0, "CustomResourceDefinition": 0}
        for item in sorted(items, key=lambda o: order.get(o["kind"], 1)):
            if item["metadata"].get("name") and item not in self.objects:
                self.objects.append(item)

    def path(self, item):
        """Of its collection, and of itself; None where the kind is not served now."""
        version, kind = item["apiVersion"], item["kind"]
        if kind not in self.resources.get(version, {}):
            root = f"/apis/{version}" if "/" in version else f"/api/{version}"
            served = self.api.ask("GET", root)[1].get("resources", [])
            self.resources[version] = {r["kind"]: (root, r) for r in served if "/" not in r["name"]}
        if kind not in self.resources[version]:
            return None, None
        root, resource = self.resources[version][kind]
        space = item["metadata"].get("namespace")
        collection = f"{root}/namespaces/{space}/{resource['name']}" if space else f"{root}/{resource['name']}"
        return collection, f"{collection}/{item['metadata']['name']}"

    def untouched(self, named):
        """Is this object of a report as it was?"""
        for item in self.objects:
            metadata = item["metadata"]
            if (item["kind"], metadata["name"], metadata.get("namespace")) == (
                    named["kind"], named["name"], named.get("namespace")):
                _, path = self.path(item)
                live = self.api.ask("GET", path)[1] if path else {}
                return live.get("metadata", {}).get("resourceVersion") == metadata["resourceVersion"]
        return False

    def restore(self):
        """Puts back what differs. Failure: something that cannot be put back."""
        end, left = time.monotonic() + SECONDS, self.objects
        while left := [item for item in left if not self.put_back(item)]:
            if time.monotonic() > end:
                raise Failure(f"{left[0]['kind']} {left[0]['metadata']['name']} cannot be put back: {self.answer}")
            time.sleep(0.05)

    def ask(self, method, path, body=None):
        status, answer = self.api.ask(method, path, body)
        if status >= 400:
            self.answer = answer.get("message")
        return status, answer

    def put_back(self, item):
        """One step towards what it was; True: it is. What controllers make of it is theirs."""
        collection, path = self.path(item)
        if path is None:
            return False  # its kind comes back first
        status, live = self.ask("GET", path)
        if status == 404:
            # a Job has labels of its own uid, so nothing more of it can be put back
            return self.ask("POST", collection, new(item))[0] == 201 and item["kind"] == "Job"
        if status != 200:
            return False
        if live["metadata"].get("deletionTimestamp"):  # let it go
            live["metadata"]["finalizers"] = []
            self.ask("PUT", path, live)
            self.ask("DELETE", path, AT_ONCE)
            return False
        if same(live, item):
            return True
        body = copy.deepcopy(item)
        body["metadata"].update({name: live["metadata"][name] for name in SERVERS if name in live["metadata"]})
        status, live = self.ask("PUT", path, body)
        if status == 422:  # immutable: made anew
            self.ask("DELETE", path, AT_ONCE)
        if status != 200:
            return False
        # what was changed belongs to who wrote it now: a second write, of the entries alone, gives them back;
        # once more where a controller comes between, as the first write would call it again
        for _ in range(10):
            live["metadata"]["managedFields"] = item["metadata"].get("managedFields")
            status, _ = self.ask("PUT", path, live)
            if status != 409:
                break
            status, live = self.ask("GET", path)
            if status != 200:
                break
        return status == 200


def new(item):
    """To be created: without what the server or a controller derives from the one that is gone."""
    body = copy.deepcopy(item)
    for name in SERVERS:
        body["metadata"].pop(name, None)
    if item["kind"] == "Job":
        body["spec"].pop("selector", None)
        for metadata in (body["metadata"], body["spec"]["template"]["metadata"]):
            for label in [name for name in metadata.get("labels", {}) if "controller-uid" in name]:
                del metadata["labels"][label]
    return body


def bare(item):
    """What an edit can change and a restore must give back."""
    item = copy.deepcopy(item)
    for name in SERVERS:
        item["metadata"].pop(name, None)
    item.pop("status", None)
    return item


def same(live, item):
    return bare(live) == bare(item)
