#include "diff/events.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "diff/show.h"

void events_add(struct events *events, const json_t *event)
{
    static const char *const names[EVENTS_KINDS] = {"drift", "error", "note", "summary", "export"};
    const char *name = json_str_at(event, "event", NULL);
    for (int i = 0; name && i < EVENTS_KINDS; i++) {
        struct events_list *list = &events->lists[i];
        if (strcmp(name, names[i]) != 0)
            continue;
        list->items = xgrow(list->items, &list->cap, list->count + 1, sizeof(*list->items));
        list->items[list->count++] = json_incref((json_t *)event);
    }
}

static void sort(struct events_list *list, int (*order)(const void *, const void *))
{
    if (list->count)
        qsort(list->items, list->count, sizeof(*list->items), order);
}

void events_sort(struct events *events)
{
    sort(&events->lists[EVENTS_DRIFT], show_drift_order);
    sort(&events->lists[EVENTS_ERROR], show_problem_order);
    sort(&events->lists[EVENTS_NOTE], show_problem_order);
}

size_t events_count(const struct events *events, enum events_kind kind)
{
    return events->lists[kind].count;
}

const json_t *events_at(const struct events *events, enum events_kind kind, size_t index)
{
    return events->lists[kind].items[index];
}

void events_free(struct events *events)
{
    for (int i = 0; i < EVENTS_KINDS; i++) {
        struct events_list *list = &events->lists[i];
        for (size_t k = 0; k < list->count; k++)
            json_decref(list->items[k]);
        free(list->items);
        *list = (struct events_list){0};
    }
}
