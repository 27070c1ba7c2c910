/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QEMU says about a guest: the QEMU Machine Protocol (docs/interop/qmp-spec.txt), of which
 * only the greeting, one command and the events are needed.
 */
#ifndef RMAPBENCH_LAB_QMP_H
#define RMAPBENCH_LAB_QMP_H

#include <stdbool.h>
#include <stddef.h>

struct qmp {
	int fd;
	char *buffer;
	size_t used;
	char version[32]; /* of QEMU, from its greeting; "" before */
	bool shutdown;	  /* SHUTDOWN came */
	char reason[32];  /* its reason: guest-shutdown, guest-reset, ... */
	bool watchdog;	  /* WATCHDOG came */
};

/* Takes over a connected socket; messages come by qmp_read(). */
void qmp_start(struct qmp *q, int fd);
/* Reads what there is, without waiting. 0, or -1 when the other end is gone. */
int qmp_read(struct qmp *q);
void qmp_close(struct qmp *q);

#endif
