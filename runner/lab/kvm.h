/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does KVM work here? /dev/kvm that opens is not enough: in a guest of a cloud it may refuse the
 * first processor.
 */
#ifndef RMAPBENCH_LAB_KVM_H
#define RMAPBENCH_LAB_KVM_H

#include "runner/lab/guest.h"

/*
 * NULL if QEMU can start a processor of that architecture under KVM, else why not; to be freed.
 * Takes about a tenth of a second, 10 s at most.
 */
char *kvm_refusal(enum arch a);

#endif
