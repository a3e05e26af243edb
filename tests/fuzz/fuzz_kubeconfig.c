/*
 * Any bytes as a kubeconfig. The first byte chooses the options. What is taken is sound, and an
 * error never quotes a secret: the word that stands for one in the corpus.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "providers/kubernetes/kubeconfig.h"

#define SECRET "hush-hush"

static char *file;

/* In a folder of its own: relative paths in it lead nowhere else. */
static void make_file(void)
{
    static char folder[] = "/tmp/holdfast-fuzz-XXXXXX";
    if (!mkdtemp(folder))
        abort();
    file = xasprintf("%s/config", folder);
}

static void clean_up(void)
{
    unlink(file);
    *strrchr(file, '/') = '\0';
    rmdir(file);
    free(file);
}

static void write_file(const uint8_t *data, size_t size)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

/* The secret stands nowhere but as one: not as a name, nor in a text that could hold anything. */
static bool only_secret(const uint8_t *data, size_t size)
{
    static const char *const before[] = {"{token: ", "password: ", "value: "};
    const char *text = (const char *)data, *end = text + size, *at = text;
    if (memchr(data, '"', size) || memchr(data, '\'', size) || memchr(data, '&', size))
        return false;
    while ((at = memmem(at, (size_t)(end - at), SECRET, strlen(SECRET)))) {
        bool good = false;
        for (size_t i = 0; i < ARRAY_LEN(before); i++) {
            size_t n = strlen(before[i]);
            good |= (size_t)(at - text) >= n && memcmp(at - n, before[i], n) == 0;
        }
        if (!good)
            return false;
        at += strlen(SECRET);
    }
    return true;
}

/* Devices and pipes of this machine are no matter of the format. */
static bool leads_to_devices(const uint8_t *data, size_t size)
{
    return memmem(data, size, "/dev", 4) || memmem(data, size, "/proc", 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const contexts[] = {NULL, "c", "other", ""};
    if (!file) {
        make_file();
        atexit(clean_up);
    }
    if (size == 0 || leads_to_devices(data, size))
        return 0;
    write_file(data + 1, size - 1);
    const struct kubeconfig_options options = {
        .file = file, .context = contexts[data[0] & 3], .as_user = data[0] & 4 ? "somebody" : NULL};
    struct kubeconfig config;
    struct err *err = NULL;
    if (kubeconfig_load(&options, &config, &err) == 0) {
        check(!err && config.server && config.context);
        check(strncmp(config.server, "https://", 8) == 0 ||
              strncmp(config.server, "http://", 7) == 0);
        check(!config.cert_pem == !config.key_pem);
        check(!config.insecure || !config.ca_pem);
        check(!options.as_user || strcmp(config.as_user, "somebody") == 0);
    } else {
        check(err && *err->message && !strchr(err->message, '\n'));
        check(!only_secret(data + 1, size - 1) || !strstr(err->message, SECRET));
    }
    err_free(err);
    kubeconfig_free(&config);
    return 0;
}
