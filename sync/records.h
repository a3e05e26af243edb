/*
 * What the records of a desired set hold (sync/record.h frames them): written by the reading child
 * and by sync/kept.c, taken into a set by the child's parent and by sync/kept.c. Takers trust
 * nothing: -1 with *err (ERR_FATAL for a record that is none, ERR_LIMIT for a cap).
 */
#ifndef HOLDFAST_SYNC_RECORDS_H
#define HOLDFAST_SYNC_RECORDS_H

#include "sync/desired.h"
#include "sync/record.h"

/* The record stays open: record_finish or record_cancel. Of `object`: what is read, no offset. */
void records_put_object(struct record_writer *writer, const struct desired *object,
                        const void *body, const void *places);
int records_take_object(struct desired_set *set, struct record *record, uint64_t objects_max,
                        struct err **err);

/* Open as well. Of `older`: neither its group (that of `api_version`) nor its step. */
void records_put_older(struct record_writer *writer, const char *api_version,
                       const struct older *older, const void *body);
int records_take_older(struct desired_set *set, struct record *record, struct err **err);

/* Ends the older versions of one commit. The `broken_count` files follow, then record_finish. */
void records_put_step(struct record_writer *writer, const struct older_cost *cost, bool cut,
                      size_t broken_count);
int records_take_step(struct desired_set *set, struct record *record, size_t *broken_count,
                      struct err **err);

void records_put_problem(struct record_writer *writer, const struct problem *problem);
int records_take_problem(struct desired_set *set, struct record *record, struct err **err);

/* -1 with *err, for a record that cannot be read. */
int records_bad(struct err **err);

#endif
