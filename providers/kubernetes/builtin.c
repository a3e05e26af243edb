#include "providers/kubernetes/builtin.h"

#include <stddef.h>
#include <string.h>

#define NAMESPACED true
#define CLUSTER    false

const struct builtin_kind builtin_kinds[] = {
    {"", "ConfigMap", "configmaps", NAMESPACED},
    {"", "Endpoints", "endpoints", NAMESPACED},
    {"", "Event", "events", NAMESPACED},
    {"", "LimitRange", "limitranges", NAMESPACED},
    {"", "Namespace", "namespaces", CLUSTER},
    {"", "Node", "nodes", CLUSTER},
    {"", "PersistentVolume", "persistentvolumes", CLUSTER},
    {"", "PersistentVolumeClaim", "persistentvolumeclaims", NAMESPACED},
    {"", "Pod", "pods", NAMESPACED},
    {"", "PodTemplate", "podtemplates", NAMESPACED},
    {"", "ReplicationController", "replicationcontrollers", NAMESPACED},
    {"", "ResourceQuota", "resourcequotas", NAMESPACED},
    {"", "Secret", "secrets", NAMESPACED},
    {"", "Service", "services", NAMESPACED},
    {"", "ServiceAccount", "serviceaccounts", NAMESPACED},
    {"admissionregistration.k8s.io", "MutatingAdmissionPolicy", "mutatingadmissionpolicies",
     CLUSTER},
    {"admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding",
     "mutatingadmissionpolicybindings", CLUSTER},
    {"admissionregistration.k8s.io", "MutatingWebhookConfiguration",
     "mutatingwebhookconfigurations", CLUSTER},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicy", "validatingadmissionpolicies",
     CLUSTER},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding",
     "validatingadmissionpolicybindings", CLUSTER},
    {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration",
     "validatingwebhookconfigurations", CLUSTER},
    {"apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", CLUSTER},
    {"apiregistration.k8s.io", "APIService", "apiservices", CLUSTER},
    {"apps", "ControllerRevision", "controllerrevisions", NAMESPACED},
    {"apps", "DaemonSet", "daemonsets", NAMESPACED},
    {"apps", "Deployment", "deployments", NAMESPACED},
    {"apps", "ReplicaSet", "replicasets", NAMESPACED},
    {"apps", "StatefulSet", "statefulsets", NAMESPACED},
    {"autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers", NAMESPACED},
    {"batch", "CronJob", "cronjobs", NAMESPACED},
    {"batch", "Job", "jobs", NAMESPACED},
    {"certificates.k8s.io", "CertificateSigningRequest", "certificatesigningrequests", CLUSTER},
    {"coordination.k8s.io", "Lease", "leases", NAMESPACED},
    {"discovery.k8s.io", "EndpointSlice", "endpointslices", NAMESPACED},
    {"events.k8s.io", "Event", "events", NAMESPACED},
    {"flowcontrol.apiserver.k8s.io", "FlowSchema", "flowschemas", CLUSTER},
    {"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "prioritylevelconfigurations",
     CLUSTER},
    {"networking.k8s.io", "IPAddress", "ipaddresses", CLUSTER},
    {"networking.k8s.io", "Ingress", "ingresses", NAMESPACED},
    {"networking.k8s.io", "IngressClass", "ingressclasses", CLUSTER},
    {"networking.k8s.io", "NetworkPolicy", "networkpolicies", NAMESPACED},
    {"networking.k8s.io", "ServiceCIDR", "servicecidrs", CLUSTER},
    {"node.k8s.io", "RuntimeClass", "runtimeclasses", CLUSTER},
    {"policy", "PodDisruptionBudget", "poddisruptionbudgets", NAMESPACED},
    {"rbac.authorization.k8s.io", "ClusterRole", "clusterroles", CLUSTER},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterrolebindings", CLUSTER},
    {"rbac.authorization.k8s.io", "Role", "roles", NAMESPACED},
    {"rbac.authorization.k8s.io", "RoleBinding", "rolebindings", NAMESPACED},
    {"resource.k8s.io", "DeviceClass", "deviceclasses", CLUSTER},
    {"resource.k8s.io", "ResourceClaim", "resourceclaims", NAMESPACED},
    {"resource.k8s.io", "ResourceClaimTemplate", "resourceclaimtemplates", NAMESPACED},
    {"resource.k8s.io", "ResourceSlice", "resourceslices", CLUSTER},
    {"scheduling.k8s.io", "PriorityClass", "priorityclasses", CLUSTER},
    {"storage.k8s.io", "CSIDriver", "csidrivers", CLUSTER},
    {"storage.k8s.io", "CSINode", "csinodes", CLUSTER},
    {"storage.k8s.io", "CSIStorageCapacity", "csistoragecapacities", NAMESPACED},
    {"storage.k8s.io", "StorageClass", "storageclasses", CLUSTER},
    {"storage.k8s.io", "VolumeAttachment", "volumeattachments", CLUSTER},
    {"storage.k8s.io", "VolumeAttributesClass", "volumeattributesclasses", CLUSTER},
    {0},
};

const struct builtin_kind *builtin_find(const char *group, const char *kind)
{
    for (const struct builtin_kind *b = builtin_kinds; b->kind; b++) {
        if (!strcmp(b->group, group) && !strcmp(b->kind, kind))
            return b;
    }
    return NULL;
}

bool builtin_group(const char *group)
{
    for (const struct builtin_kind *b = builtin_kinds; b->kind; b++) {
        if (!strcmp(b->group, group))
            return true;
    }
    return false;
}
