"""The API server, asked without the start of a kubectl for each question."""
import http.client
import json
import os
import ssl
import threading
import urllib.parse

METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"


class Api:
    """Requests as admin; each thread has a connection of its own."""

    def __init__(self, folder, server):
        with open(os.path.join(folder, "pki", "admin.header"), encoding="utf-8") as file:
            self.authorization = file.read().strip().partition(": ")[2]
        self.context = ssl.create_default_context(cafile=os.path.join(folder, "pki", "ca.crt"))
        self.host = urllib.parse.urlsplit(server).netloc
        self.local = threading.local()

    def ask(self, method, path, body=None, accept="application/json"):
        """(status, answer); a kept connection that the server has closed is made anew."""
        headers = {"Authorization": self.authorization, "Accept": accept, "User-Agent": "cases",
                   "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        for last in (False, True):
            connection = getattr(self.local, "connection", None)
            if connection is None:
                connection = http.client.HTTPSConnection(self.host, timeout=60, context=self.context)
                self.local.connection = connection
            try:
                connection.request(method, path, data, headers)
                answer = connection.getresponse()
                text = answer.read()
                return answer.status, json.loads(text) if text.startswith(b"{") else {}
            except (http.client.HTTPException, ConnectionError):
                connection.close()
                self.local.connection = None
                if last:
                    raise
        return 0, {}

    def collections(self):
        """The cluster-scoped collections that can be listed and deleted from, as {TYPE: path}; the preferred versions."""
        paths = {}
        groups = self.ask("GET", "/apis")[1].get("groups", [])
        roots = [("", "/api/v1")] + [(g["name"], "/apis/" + g["preferredVersion"]["groupVersion"]) for g in groups]
        for group, root in roots:
            for resource in self.ask("GET", root)[1].get("resources", []):
                verbs = resource.get("verbs", [])
                if not resource["namespaced"] and "/" not in resource["name"] and {"list", "delete"} <= set(verbs):
                    paths[f"{resource['name']}.{group}".strip(".")] = f"{root}/{resource['name']}"
        return paths

    def list(self, path):
        """The metadata of all objects of a collection."""
        status, answer = self.ask("GET", path, accept=METADATA)
        return [item["metadata"] for item in answer.get("items") or []] if status == 200 else []
