/* The file that `holdfast init` writes. Pure: what was found goes in, a text comes out. */
#ifndef HOLDFAST_INIT_TEXT_H
#define HOLDFAST_INIT_TEXT_H

#include "core/buf.h"

/* What was found; NULL where it was not. */
struct init_found {
    const char *name, *url, *ref, *path; /* of the source; name and url are always there */
    const char *kubeconfig, *context;
    const char *state_dir; /* the default of this user, for a comment */
};

/*
 * Appends the configuration. Settings that are left at their default begin with "#" and no blank,
 * so that they hold once it is taken away; explanations begin with "# ". -1: the buffer is full.
 */
int init_text(struct buf *b, const struct init_found *found);

#endif
