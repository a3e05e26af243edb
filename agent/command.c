#include "command.h"

#include <string.h>

#include "options.h"

#define KUBE_OPTIONS (OPT_KUBECONFIG | OPT_CONTEXT | OPT_NAMESPACE | OPT_AS)

const struct command commands[] = {
    {
        .name = "diff",
        .summary = "report where the cluster differs from Git",
        .usage = "[SOURCE]",
        .description =
            "Reads SOURCE once, compares every object that it declares with the cluster, and "
            "reports, "
            "field by field, what differs: what was wanted, what is there, who changed it and "
            "since "
            "when, and the line of Git that says otherwise. Nothing is written: the server is "
            "asked by "
            "dry runs.\n\n"
            "SOURCE is the name of a source in the configuration, a URL, or a folder; a folder "
            "inside "
            "a Git repository is read as its working tree unless --ref names a revision.",
        .exits = "0\tin sync\n"
                 "1\tsomething differs, is missing, or is being deleted\n"
                 "2\tan error: something could not be read or compared\n"
                 "3\tsomething is blocked or unknown\n",
        .options = KUBE_OPTIONS | OPT_REF | OPT_PATH | OPT_OUTPUT | OPT_CONFIG | OPT_STATE_DIR,
        .outputs = 1 << OUTPUT_TEXT | 1 << OUTPUT_JSON | 1 << OUTPUT_MARKDOWN,
        .output = OUTPUT_TEXT,
        .args_max = 1,
        .run = cmd_diff,
    },
    {
        .name = "agent",
        .summary = "watch, and tell what differs as it happens",
        .usage = "",
        .description =
            "Reads the sources of the configuration each interval, watches what they declare, and "
            "writes one line when something begins to differ, when what is told of it changes, and "
            "when it is put right. Runs until SIGTERM; SIGHUP reads the configuration again.\n\n"
            "--check says instead what the account may read, kind by kind, by "
            "SelfSubjectAccessReviews, which change nothing, reads Git, and ends.",
        .exits = "0\tended as asked; --check: everything may be read\n"
                 "2\tit could not begin: the configuration, the state folder, the kubeconfig\n"
                 "3\t--check: something may not be read\n",
        .options = KUBE_OPTIONS | OPT_CONFIG | OPT_STATE_DIR | OPT_OUTPUT | OPT_CHECK,
        .outputs = 1 << OUTPUT_TEXT | 1 << OUTPUT_JSON,
        .output = OUTPUT_JSON,
        .run = cmd_agent,
    },
    {
        .name = "init",
        .summary = "write a configuration to begin with",
        .usage = "",
        .description = "Writes holdfast.yaml (--config: another file), which must not be there "
                       "yet: the source "
                       "is the Git remote and branch of the working directory, the cluster that of "
                       "the current "
                       "context. Every other setting stands in it as a comment with its default. "
                       "No sign-in is "
                       "copied into it.",
        .exits = "0\twritten\n"
                 "2\tan error: nothing was written\n",
        .options = OPT_CONFIG | OPT_KUBECONFIG | OPT_CONTEXT,
        .run = cmd_init,
    },
    {
        .name = "lint",
        .summary = "check manifests without a cluster",
        .usage = "PATH...",
        .description =
            "Reads the files and folders named and tells what is wrong in them, one line each: "
            "file:line:col: error: message. Notes tell what deserves a look and do not fail.",
        .exits = "0\tno error (notes or none)\n"
                 "2\tan error\n",
        .options = OPT_OUTPUT | OPT_NAMESPACE,
        .outputs = 1 << OUTPUT_TEXT | 1 << OUTPUT_JSON,
        .output = OUTPUT_TEXT,
        .args_min = 1,
        .args_max = ARGS_ANY,
        .run = cmd_lint,
    },
    {
        .name = "render",
        .summary = "print the manifests that holdfast compares",
        .usage = "PATH",
        .description =
            "Reads a file or a folder and prints each object as holdfast understands it, with a "
            "comment that names its file and line. The values of Secrets are not printed.",
        .exits = "0\teverything was read\n"
                 "2\tan error; what could be read is printed all the same\n",
        .options = OPT_OUTPUT,
        .outputs = 1 << OUTPUT_YAML | 1 << OUTPUT_JSON,
        .output = OUTPUT_YAML,
        .args_min = 1,
        .args_max = 1,
        .run = cmd_render,
    },
    {
        .name = "rbac",
        .summary = "print the rights that a source needs in the cluster",
        .usage = "[SOURCE]",
        .description =
            "Prints RBAC objects for the agent's service account: exactly the kinds that SOURCE "
            "(without it: all sources of the configuration) declares, in exactly its namespaces; "
            "no wildcard and no subresource. Without --report the rights to read; such an account "
            "compares without the server's help.\n\n"
            "The cluster is asked for the names of kinds. Where none is configured, Kubernetes' "
            "own "
            "kinds and the CRDs of the source are known.",
        .exits = "0\tprinted\n"
                 "2\tan error: nothing is printed unless all of the source was read and known\n",
        .options = KUBE_OPTIONS | OPT_REF | OPT_PATH | OPT_CONFIG | OPT_STATE_DIR | OPT_REPORT |
                   OPT_ACCOUNT,
        .args_max = 1,
        .run = cmd_rbac,
    },
    {
        .name = "status",
        .summary = "ask a running agent how things stand",
        .usage = "",
        .description =
            "Reads /status of the agent and prints, for each source, which revision was read when, "
            "how many objects differ, and the ten that have differed longest; then kinds that "
            "cannot be watched, and exported values.\n\n"
            "The agent is reached at --url, or where the configuration's http.listen says.",
        .exits = "0\tin sync\n"
                 "1\tsomething differs, is missing, or is being deleted\n"
                 "2\tan error, or no agent answers\n"
                 "3\tsomething is blocked or unknown, or a source was not read\n",
        .options = OPT_CONFIG | OPT_URL | OPT_OUTPUT,
        .outputs = 1 << OUTPUT_TEXT | 1 << OUTPUT_JSON,
        .output = OUTPUT_TEXT,
        .run = cmd_status,
    },
    {
        .name = "version",
        .summary = "print the version, and those of the libraries in use",
        .usage = "",
        .description = "Prints the version of holdfast and of the libraries that it runs with.",
        .exits = "0\talways\n",
        .options = OPT_OUTPUT,
        .outputs = 1 << OUTPUT_TEXT | 1 << OUTPUT_JSON,
        .output = OUTPUT_TEXT,
        .run = cmd_version,
    },
    {
        .name = "help",
        .summary = "explain a command",
        .usage = "[COMMAND]",
        .description = "The same as COMMAND --help.",
        .exits = "0\talways\n",
        .args_max = 1,
        .run = cmd_help,
    },
    {
        .name = "read",
        .summary = "read a source for the parent process",
        .usage = "",
        .description = "The child that reads Git: a request on standard input, records on standard "
                       "output. For the program itself.",
        .exits = "",
        .hidden = true,
        .run = cmd_read,
    },
    {0},
};

const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; c->name; c++) {
        if (strcmp(c->name, name) == 0)
            return c;
    }
    return NULL;
}
