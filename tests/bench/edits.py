"""What a hand changes in an object of the generated repository: one for each kind, and how it is put right again."""
import json

MERGE = "application/merge-patch+json"
KINDS = {"configmaps": "ConfigMap", "cronjobs": "CronJob", "deployments": "Deployment",
         "horizontalpodautoscalers": "HorizontalPodAutoscaler", "namespaces": "Namespace",
         "persistentvolumeclaims": "PersistentVolumeClaim", "secrets": "Secret", "services": "Service",
         "statefulsets": "StatefulSet"}
# (member, what a hand writes); those of labels that Git does not declare are taken away again
FIELDS = {"configmaps": ("data.BATCH_SIZE", "7"), "cronjobs": ("spec.schedule", "1 2 3 4 5"),
          "deployments": ("spec.revisionHistoryLimit", 4), "horizontalpodautoscalers": ("spec.maxReplicas", 50),
          "namespaces": ("metadata.labels.team", "elsewhere"), "persistentvolumeclaims": ("metadata.labels.by-hand", "yes"),
          "secrets": ("data.password", "AAAA"), "services": ("metadata.labels.team", "elsewhere"),
          "statefulsets": ("spec.replicas", 1)}


def value_of(text, name):
    """The value of the first member of that name, as it stands in the text; None where there is none."""
    _, found, rest = text.partition(f" {name}: ")
    return rest.partition("\n")[0].partition(" #")[0].strip().strip('"') if found else None


def patch_of(field, value):
    for name in reversed(field.split(".")):
        value = {name: value}
    return value


class Edit:
    """One object, a field of it, and patches that change it and put it right."""

    def __init__(self, path, text):
        parts = path.split("/")
        plural = parts[-2]
        self.path, self.kind, self.name = path, KINDS[plural], parts[-1]
        self.namespace = None if plural == "namespaces" else parts[-3]
        self.field, wrong = FIELDS[plural]
        right = value_of(text, self.field.rpartition(".")[2])
        if right is not None and isinstance(wrong, int):
            right = int(right)
        self.patches = patch_of(self.field, right), patch_of(self.field, wrong)

    def key(self):
        return self.kind, self.namespace, self.name, self.field

    def make(self, bed, connection, wrong):
        """Makes it wrong, or right."""
        return bed.ask(connection, "PATCH", self.path + "?fieldManager=kubectl-edit", json.dumps(self.patches[wrong]), MERGE)


def key_of(event):
    """The key of what a drift line is of."""
    o = event["object"]
    return o["kind"], o["namespace"], o["name"], event.get("field")
