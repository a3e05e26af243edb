/*
 * events: reads file names from standard input, runs libyaml over each and throws the events away:
 * the least that reading YAML with it can cost. Says how many bytes, documents and events it were.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

static unsigned long bytes, documents, events;

static int parse(const char *text, size_t len)
{
    yaml_parser_t parser;
    yaml_event_t event;
    yaml_event_type_t type;
    if (!yaml_parser_initialize(&parser))
        abort();
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    do {
        if (!yaml_parser_parse(&parser, &event)) {
            yaml_parser_delete(&parser);
            return -1;
        }
        type = event.type;
        documents += type == YAML_DOCUMENT_START_EVENT;
        events++;
        yaml_event_delete(&event);
    } while (type != YAML_STREAM_END_EVENT);
    yaml_parser_delete(&parser);
    return 0;
}

static int read_file(const char *path)
{
    static char text[1024 * 1024];
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    size_t len = fread(text, 1, sizeof(text), file);
    int rc = ferror(file) || len == sizeof(text) ? -1 : parse(text, len);
    bytes += len;
    fclose(file);
    return rc;
}

int main(void)
{
    char path[4096];
    while (fgets(path, sizeof(path), stdin)) {
        path[strcspn(path, "\n")] = '\0';
        if (read_file(path)) {
            fprintf(stderr, "events: cannot read %s\n", path);
            return 1;
        }
    }
    printf("%lu %lu %lu\n", bytes, documents, events);
    return 0;
}
