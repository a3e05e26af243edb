#include "init_text.h"

#include <stddef.h>
#include <string.h>

#include "core/json.h"

/* A line of the file: a setting with a value that was found, or text as it stands. */
struct line {
    const char *text;  /* with @ for the value; without a value the line is commented out */
    size_t offset;     /* of the value in struct init_found; NOTHING: text as it stands */
    const char *other; /* what stands for the value where nothing was found */
};

#define NOTHING       ((size_t)-1)
#define FOUND(member) offsetof(struct init_found, member)
#define TEXT(text)                                                                                 \
    {                                                                                              \
        (text), NOTHING, NULL                                                                      \
    }

static const struct line lines[] = {
    TEXT("# The configuration of holdfast, begun by `holdfast init`.\n"
         "# What begins with # and no blank is a setting that is left at its default.\n"
         "# Durations: 90s, 5m, 1h. Sizes: 64KiB, 1GiB. Files are relative to this file's folder.\n"
         "apiVersion: holdfast.dev/v1\n"
         "kind: Config\n"
         "\n"
         "# What may be lost at the price of time: fetched repositories and what is known of\n"
         "# objects. Nobody else's folder, and one process at a time. Default: "
         "$XDG_STATE_HOME/holdfast.\n"),
    {"#stateDir: @\n", FOUND(state_dir), "/var/lib/holdfast/state"},
    TEXT("\n# What the cluster must be like. Several sources may be named.\nsources:\n"
         "# how the report calls it\n"),
    {"- name: @\n", FOUND(name), NULL},
    TEXT("  # https://, ssh://, file:// or a folder. A sign-in does not belong here, see auth.\n"),
    {"  url: @\n", FOUND(url), NULL},
    TEXT("  # Branch, tag, commit id or refs/... Default: HEAD of a URL, a folder as it lies.\n"),
    {"  ref: @\n", FOUND(ref), "main"},
    TEXT("  # The folder inside the repository that holds the manifests. Default: all of it.\n"),
    {"  path: @\n", FOUND(path), "clusters/prod"},
    TEXT("  # Which files of it, as globs on paths below it. Default: all *.yaml, *.yml and "
         "*.json.\n"
         "  #include: [\"**/*.yaml\", \"**/*.yml\", \"**/*.json\"]\n"
         "  # And which of them not. Default: none.\n"
         "  #exclude: [\"**/kustomization.yaml\"]\n"
         "  # How often Git is asked for a new commit. Default: 1m.\n"
         "  #interval: 1m\n"
         "  # report: tell what differs. paused: nothing is compared. correct: in a later version. "
         "Default: report.\n"
         "  #mode: report\n"
         "  # Whether what left Git is deleted, in mode correct. Default: false.\n"
         "  #prune: false\n"
         "  # More deletions than this at once need an approval. Default: 10 objects, 20 percent.\n"
         "  #guard:\n"
         "    #objects: 10\n"
         "    #percent: 20\n"
         "  # The sign-in to Git: files, read again at each use. Default: none.\n"
         "  #auth:\n"
         "    # https\n"
         "    #userFile: git/user\n"
         "    #passwordFile: git/password\n"
         "    # ssh; the host's key must stand in knownHostsFile\n"
         "    #sshKeyFile: git/sshKey\n"
         "    #passphraseFile: git/passphrase\n"
         "    #knownHostsFile: git/knownHosts\n"
         "    # certificate authorities beside the system's, and a proxy\n"
         "    #caFile: git/ca.crt\n"
         "    #proxy: http://proxy.example:3128\n"
         "  # A command that prints the manifests, run in the folder. Default: files as they "
         "stand.\n"
         "  #render:\n"
         "    #command: [kustomize, build, .]\n"
         "    # Default: 30s.\n"
         "    #timeout: 30s\n"
         "    # Whether it may use the network. Default: false.\n"
         "    #network: false\n"
         "  # Fields that are not compared; group, kind, namespace and name are globs. Default: "
         "none.\n"
         "  #ignore:\n"
         "  #- group: apps\n"
         "    #kind: Deployment\n"
         "    #namespace: ml\n"
         "    #name: \"*\"\n"
         "    #fields: [\"metadata.annotations[\\\"team.example/stamp\\\"]\"]\n"
         "\n"
         "# The cluster. In a Pod none of it is needed: its own service account is taken.\n"
         "kubernetes:\n"
         "  # Default: $KUBECONFIG, then ~/.kube/config, then the Pod's account.\n"),
    {"  kubeconfig: @\n", FOUND(kubeconfig), "kubeconfig"},
    TEXT("  # Default: the current one.\n"),
    {"  context: @\n", FOUND(context), "prod"},
    TEXT("  # Of objects that name no namespace. Default: the context's, else default.\n"
         "  #defaultNamespace: default\n"
         "  # Compare as this field manager, to report beside a tool that applies. Default: "
         "holdfast.\n"
         "  #fieldManager: holdfast\n"
         "  # Field managers whose additions are told beside kubectl's, as globs. Default: none.\n"
         "  #hands: [\"console-*\"]\n"
         "  # Kubernetes Events on objects that differ; wants the right to write them. Default: "
         "false.\n"
         "  #events: false\n"
         "\n"
         "# An Azure account, in a later version.\n"
         "#azure:\n"
         "  # public, usgovernment, china. Default: public.\n"
         "  #cloud: public\n"
         "  # Default: none.\n"
         "  #subscription: 00000000-0000-0000-0000-000000000000\n"
         "  # Default: true.\n"
         "  #bulkRead: true\n"
         "  # Default: false.\n"
         "  #activityLog: false\n"
         "\n"
         "# /healthz, /readyz, /metrics, /status, POST /sync and /webhook of the agent. Default: "
         "none.\n"
         "#http:\n"
         "  #listen: 127.0.0.1:8080\n"
         "  # Who knows this file's token may ask for a sync, or sign webhooks. Default: nobody.\n"
         "  #tokenFile: http-token\n"
         "\n"
         "# What a source may cost.\n"
         "#limits:\n"
         "  # One fetch. Default: 1GiB.\n"
         "  #fetchBytes: 1GiB\n"
         "  # One file. Default: 1MiB.\n"
         "  #fileBytes: 1MiB\n"
         "  # Objects of a source. Default: 100000.\n"
         "  #objects: 100000\n"),
};

static void add_line(struct buf *b, const struct line *line, const char *value)
{
    const char *at = strchr(line->text, '@');
    size_t indent = strspn(line->text, " ");
    buf_add(b, line->text, indent);
    if (!value && line->text[indent] != '#')
        buf_add_char(b, '#');
    buf_add(b, line->text + indent, (size_t)(at - line->text) - indent);
    const char *shown = value ? value : line->other;
    json_write_string(b, shown, strlen(shown)); /* a JSON string is a YAML one */
    buf_add_str(b, at + 1);
}

int init_text(struct buf *b, const struct init_found *found)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const struct line *line = &lines[i];
        if (line->offset == NOTHING)
            buf_add_str(b, line->text);
        else
            add_line(b, line, *(const char *const *)((const char *)found + line->offset));
    }
    return b->full ? -1 : 0;
}
