/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is logged in on this machine?
 */
#ifndef RMAPBENCH_CAMPAIGN_PEOPLE_H
#define RMAPBENCH_CAMPAIGN_PEOPLE_H

/* The first one logged in who is not `owner`, to be freed; NULL if there is none. */
char *people_here(const char *owner);
/* Who is calling, also behind sudo; to be freed. */
char *people_caller(void);

#endif
