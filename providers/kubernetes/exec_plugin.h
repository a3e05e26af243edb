/*
 * Runs an exec plugin on the loop: found as kubectl finds it, with our environment, its own
 * variables and KUBERNETES_EXEC_INFO; no standard input, a deadline, a cap on its output. What it
 * writes and what is in its environment never comes into an error.
 */
#ifndef HOLDFAST_KUBERNETES_EXEC_PLUGIN_H
#define HOLDFAST_KUBERNETES_EXEC_PLUGIN_H

#include "core/err.h"
#include "providers/kubernetes/exec_credential.h"
#include "providers/kubernetes/kubeconfig.h"

struct ev_loop;
struct exec_plugin;

/* Copies what it needs of `config`, whose `exec` is not NULL. */
struct exec_plugin *exec_plugin_new(struct ev_loop *loop, const struct kubeconfig *config);

/*
 * Starts it; not while it runs. `done` comes once, from the loop: `credential` (borrowed; what it
 * holds may be stolen) or an error. -1 with ERR_AUTH where it cannot be started: no `done` then.
 */
int exec_plugin_run(struct exec_plugin *plugin,
                    void (*done)(void *ctx, struct exec_credential *credential,
                                 const struct err *err),
                    void *ctx, struct err **err);

/* "exec plugin NAME", for messages. */
const char *exec_plugin_name(const struct exec_plugin *plugin);

/* Kills it where it runs, without `done`. NULL-safe. */
void exec_plugin_free(struct exec_plugin *plugin);

#endif
