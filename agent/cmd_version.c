/* holdfast version: ours, and the libraries that run (not those that it was built with). */
#include <stdio.h>

#include <curl/curl.h>
#include <ev.h>
#include <git2.h>
#include <libssh2.h>
#include <jansson.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <yaml.h>
#include <zlib.h>

#include "command.h"
#include "core/alloc.h"
#include "core/json.h"
#include "core/version.h"
#include "options.h"

struct library {
    const char *name;
    char version[64];
};

enum {
    LIB_GIT2,
    LIB_SSH2,
    LIB_CURL,
    LIB_MICROHTTPD,
    LIB_YAML,
    LIB_JANSSON,
    LIB_SSL,
    LIB_ZLIB,
    LIB_EV,
    LIB_COUNT
};

static void ask(struct library lib[LIB_COUNT])
{
    static const char *const names[LIB_COUNT] = {"libgit2",       "libssh2", "libcurl",
                                                 "libmicrohttpd", "libyaml", "jansson",
                                                 "OpenSSL",       "zlib",    "libev"};
    for (int i = 0; i < LIB_COUNT; i++)
        lib[i].name = names[i];
    int major = 0, minor = 0, rev = 0;
    git_libgit2_version(&major, &minor, &rev);
    snprintf(lib[LIB_GIT2].version, sizeof(lib->version), "%d.%d.%d", major, minor, rev);
    snprintf(lib[LIB_SSH2].version, sizeof(lib->version), "%s", libssh2_version(0));
    snprintf(lib[LIB_CURL].version, sizeof(lib->version), "%s",
             curl_version_info(CURLVERSION_NOW)->version);
    snprintf(lib[LIB_MICROHTTPD].version, sizeof(lib->version), "%s", MHD_get_version());
    snprintf(lib[LIB_YAML].version, sizeof(lib->version), "%s", yaml_get_version_string());
    snprintf(lib[LIB_JANSSON].version, sizeof(lib->version), "%s", jansson_version_str());
    snprintf(lib[LIB_SSL].version, sizeof(lib->version), "%s",
             OpenSSL_version(OPENSSL_VERSION_STRING));
    snprintf(lib[LIB_ZLIB].version, sizeof(lib->version), "%s", zlibVersion());
    snprintf(lib[LIB_EV].version, sizeof(lib->version), "%d.%d", ev_version_major(),
             ev_version_minor());
}

int cmd_version(const struct options *o)
{
    struct library lib[LIB_COUNT];
    ask(lib);
    if (o->output == OUTPUT_JSON) {
        json_auto_t *all = json_object(), *libraries = json_object();
        json_put_str(all, "version", holdfast_version());
        for (int i = 0; i < LIB_COUNT; i++)
            json_put_str(libraries, lib[i].name, lib[i].version);
        json_put(all, "libraries", json_incref(libraries));
        _free_ char *text = json_text(all, 0);
        puts(text);
        return 0;
    }
    printf("holdfast %s\n", holdfast_version());
    for (int i = 0; i < LIB_COUNT; i++)
        printf("%-13s %s\n", lib[i].name, lib[i].version);
    return 0;
}
