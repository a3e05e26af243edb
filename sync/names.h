/*
 * What the names of a manifest must be to stand in a URL and to name one thing there: the rules of
 * the server (apimachinery: IsValidPathSegmentName, IsDNS1123Label, IsDNS1123Subdomain), before
 * anything is asked. Pure.
 */
#ifndef HOLDFAST_SYNC_NAMES_H
#define HOLDFAST_SYNC_NAMES_H

#include "sync/node.h"

/*
 * What is wrong with a value, to be put behind the name of its field; NULL for nothing. The value
 * is not quoted. `name` is right for every kind of object, also for those that may hold ':' (RBAC).
 */
const char *names_wrong_name(const char *name);
const char *names_wrong_namespace(const char *namespace);
const char *names_wrong_api_version(const char *api_version);
const char *names_wrong_kind(const char *kind);

/*
 * The first name of a CustomResourceDefinition that later stands in URLs and is wrong: its node
 * and, in *path ("spec.group") and *wrong, what to say. NULL where all are good, or absent: the
 * server tells that.
 */
const struct node *names_wrong_crd(const struct node *root, const char **path, const char **wrong);

#endif
