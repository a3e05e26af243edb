/* Nodes to structs by a table: for config.c alone. */
#ifndef HOLDFAST_CONFIG_READ_H
#define HOLDFAST_CONFIG_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "core/err.h"
#include "sync/node.h"

enum config_type {
    CONFIG_STRING,   /* const char * */
    CONFIG_FILE,     /* const char *: a path, relative to the configuration's folder */
    CONFIG_STRINGS,  /* const char *const *: NULL-terminated */
    CONFIG_BOOL,     /* bool */
    CONFIG_NUMBER,   /* int64_t, min to max */
    CONFIG_DURATION, /* double: seconds, min to max */
    CONFIG_SIZE,     /* int64_t: bytes, min to max */
    CONFIG_CHOICE,   /* int: the index in `choices` */
    CONFIG_MAP,      /* a struct in place, by `fields` */
    CONFIG_LIST,     /* {items, count} of structs of `size` bytes, by `fields` */
};

struct config_field {
    const char *name;
    enum config_type type;
    size_t offset;
    const char *fallback; /* as it would stand in the file; NULL: none (zero) */
    bool required;
    int64_t min, max;
    const char *const *choices;        /* NULL-terminated */
    const struct config_field *fields; /* ends with a field without a name */
    size_t size;
    /* Further rule for a string (each of a list): NULL, or what is wrong with it (static). */
    const char *(*check)(const char *value);
};

struct config_reader {
    const char *file;
    struct config *config; /* owns what is read */
    struct err *first;     /* owned: the first fault */
    size_t faults;
};

/* Tells a fault of the file at a place; line 0: of the whole file. */
void config_fault(struct config_reader *r, uint32_t line, uint32_t col, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Hands memory to the configuration; returns it. */
void *config_own(struct config *config, void *memory);

/* Fills a zeroed struct with the table's defaults. */
void config_fill(struct config *config, const struct config_field *fields, void *out);

/* Reads a map into a struct that config_fill filled. */
void config_read_map(struct config_reader *r, const struct node *map,
                     const struct config_field *fields, void *out);

#endif
