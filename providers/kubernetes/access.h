/*
 * Which rights the comparing of a source needs, and no other: for `holdfast rbac`, which prints
 * them as RBAC objects, and `agent --check`, which asks whether they are there. Pure: no request.
 *
 * Never a wildcard, never a subresource. Dry runs (patch, create) are granted only for what an
 * admission policy can hold to dry runs, so not for admissionregistration.k8s.io, nor for what an
 * aggregated API server serves (DESIGN 5, kubernetes-measured 3); and not for RBAC kinds, whose dry
 * run would need every right that they grant. Those are read, and compared without the server.
 */
#ifndef HOLDFAST_KUBERNETES_ACCESS_H
#define HOLDFAST_KUBERNETES_ACCESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"
#include "providers/kubernetes/discovery.h"

enum access_verb {
    ACCESS_GET = 1 << 0,
    ACCESS_LIST = 1 << 1,
    ACCESS_WATCH = 1 << 2,
    ACCESS_PATCH = 1 << 3, /* dry runs alone */
    ACCESS_CREATE = 1 << 4,
};
#define ACCESS_VERBS   5
#define ACCESS_READ    (ACCESS_GET | ACCESS_LIST | ACCESS_WATCH)
#define ACCESS_DRY_RUN (ACCESS_PATCH | ACCESS_CREATE)

/* "get", "list", "watch", "patch", "create": the name of bit 1 << index. */
const char *access_verb_name(unsigned index);

/* One kind in one scope. */
struct access_rule {
    char *namespace; /* NULL: the whole cluster (only kinds without a namespace) */
    char *group, *plural, *kind;
    unsigned verbs;        /* bits of enum access_verb */
    bool compared;         /* with Git; else it is only looked at */
    const char *read_only; /* why no dry run is granted, or NULL */
};

/* All borrowed until access_free. */
struct access_config {
    const struct discovery *discovery; /* NULL: no cluster, the kinds of builtin.h are known */
    const json_t *api_services;        /* the items of the APIServices' LIST; NULL: not known */
    const char *default_namespace;     /* of objects that name none */
    bool report;                       /* with the verbs of dry runs */
    bool asking; /* not to grant: dry runs also where an aggregated API server may serve the kind */
};

struct access {
    struct access_config config;
    struct access_rule *items; /* once finished: by namespace (the cluster first), group, plural */
    size_t count, cap;
    json_t *crds;     /* of the source: "group/kind" -> {plural, namespaced} */
    json_t *scalable; /* namespaces with objects that something may scale */
};

struct access *access_new(const struct access_config *config);

/* A CRD of the source: the kind that it brings is known from now on. Before the objects. */
void access_crd(struct access *a, const json_t *crd);

/*
 * Adds what an object needs; `namespace` NULL where it names none. ERR_INVALID where its kind is
 * not known, or a group, plural or namespace is no DNS name and must not come into a Role.
 */
int access_object(struct access *a, const char *group, const char *version, const char *kind,
                  const char *namespace, struct err **err);

/* The same for an object that is looked at and not compared (an Export's): get, list and watch. */
int access_looked_at(struct access *a, const char *group, const char *version, const char *kind,
                     const char *namespace, struct err **err);

/* Adds what tells who holds spec.replicas (HPAs, ScaledObjects), and sorts. */
void access_finish(struct access *a);

/*
 * The rights as YAML: a ClusterRole and its binding for kinds without a namespace, a Role and its
 * binding in each namespace, all called `name`, bound to the service account. -1 when the buffer is
 * full.
 */
int access_write(struct buf *b, const struct access *a, const char *name,
                 const char *account_namespace, const char *account);

/* Labels of DNS: at most 63 of a-z, 0-9 and -, no - at an end; a name: labels with dots. */
bool access_is_label(const char *s);
bool access_is_name(const char *s);

/* NULL-safe. */
void access_free(struct access *a);

#endif
