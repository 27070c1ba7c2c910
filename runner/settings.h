/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System settings that a run changes, and the janitor that puts them back.
 */
#ifndef RMAPBENCH_SETTINGS_H
#define RMAPBENCH_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

/* True if `name` is a setting; else *allowed is the list of names. */
bool setting_known(const char *name, const char **allowed);
/* NULL if the setting takes `value`, else what it takes. */
const char *setting_refuses(const char *name, const char *value);

/*
 * Sets each setting of the object (name -> string) that this kernel has. What was there before is
 * put back by a process of its own, the janitor, when settings_restore() is called or this process
 * dies, of whatever. A setting that cannot be written is warned of. Returns 0, or -1 with errno if
 * there can be no janitor: then nothing was changed.
 */
int settings_apply(const json_t *wanted);
/* Puts all back and waits until it is done. */
void settings_restore(void);
/* Processes of this group are killed when this process dies; 0: none. */
void settings_guard_group(pid_t group);
/* The janitor's pid, which is not to be killed with other children; 0 if there is none. */
pid_t settings_janitor(void);

/* All known settings as they are now: name -> string, or null where the kernel has none. */
json_t *settings_read(void);

#endif
