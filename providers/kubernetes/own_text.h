/* Texts of the API server itself, of forms that hold no value of the object. Pure. */
#ifndef HOLDFAST_KUBERNETES_OWN_TEXT_H
#define HOLDFAST_KUBERNETES_OWN_TEXT_H

/*
 * The beginning of the message's first line that is of such a form, whole wherever nothing but
 * that was said; NULL: it is of none. Names of the object, a namespace, a user, a quota or a
 * webhook are no values. `name`: of the object that the answer itself says it is about, or NULL.
 * Owned.
 */
char *own_text(const char *message, const char *name);

#endif
