/*
 * lists SERVER CA-FILE TOKEN-FILE PATH...: asks for all the paths as holdfast does (JSON, gzip, one
 * HTTP/2 connection, the requests beside one another), and throws away what comes. With "-1" before
 * SERVER one after the other. The token file holds the line "Authorization: Bearer ...". Says how
 * many bytes came, unpacked.
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_BUFFER (64 * 1024L)

struct lists {
    CURLM *multi;
    struct curl_slist *headers;
    const char *server, *ca;
    size_t bytes;
    int failed;
};

static size_t discard(char *data, size_t one, size_t len, void *ctx)
{
    struct lists *lists = ctx;
    lists->bytes += len;
    return len;
}

static void add_header(struct lists *lists, const char *line)
{
    lists->headers = curl_slist_append(lists->headers, line);
    if (!lists->headers)
        abort();
}

static int read_token(struct lists *lists, const char *path)
{
    char line[4096] = "";
    FILE *file = fopen(path, "re");
    bool good = file && fgets(line, sizeof(line), file);
    if (file)
        fclose(file);
    line[strcspn(line, "\n")] = '\0';
    if (!good) {
        fprintf(stderr, "lists: cannot read %s\n", path);
        return -1;
    }
    add_header(lists, line);
    return 0;
}

static CURL *ask(struct lists *lists, const char *path)
{
    char url[1024];
    snprintf(url, sizeof(url), "%s/%s", lists->server, path);
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CAINFO, lists->ca);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lists->headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "holdfast-bench-lists");
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, READ_BUFFER);
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, lists);
    curl_multi_add_handle(lists->multi, easy);
    return easy;
}

static void run(struct lists *lists)
{
    int running, left;
    CURLMsg *msg;
    do {
        if (curl_multi_perform(lists->multi, &running) ||
            (running && curl_multi_poll(lists->multi, NULL, 0, 1000, NULL)))
            abort();
    } while (running);
    while ((msg = curl_multi_info_read(lists->multi, &left))) {
        CURL *easy = msg->easy_handle;
        CURLcode result = msg->data.result;
        if (result) {
            fprintf(stderr, "lists: %s\n", curl_easy_strerror(result));
            lists->failed = 1;
        }
        curl_multi_remove_handle(lists->multi, easy);
        curl_easy_cleanup(easy);
    }
}

int main(int argc, char **argv)
{
    struct lists lists = {0};
    int at = 1;
    bool one_by_one = argc > 1 && !strcmp(argv[1], "-1");
    at += one_by_one;
    if (argc < at + 4) {
        fputs("usage: lists [-1] SERVER CA-FILE TOKEN-FILE PATH...\n", stderr);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    lists.multi = curl_multi_init();
    lists.server = argv[at];
    lists.ca = argv[at + 1];
    add_header(&lists, "Accept: application/json");
    if (read_token(&lists, argv[at + 2]))
        return 2;
    for (int i = at + 3; i < argc; i++) {
        ask(&lists, argv[i]);
        if (one_by_one)
            run(&lists);
    }
    run(&lists);
    curl_multi_cleanup(lists.multi);
    curl_slist_free_all(lists.headers);
    curl_global_cleanup();
    printf("%zu\n", lists.bytes);
    return lists.failed;
}
